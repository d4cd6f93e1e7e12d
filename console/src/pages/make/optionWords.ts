/** Options in words: the service describes them in English; Chinese stands here. */

import { languages } from "../../lib/i18n/index.svelte";

const ZH: Record<string, readonly [string, string]> = {
  preset: ["预设", "未单独设置的选项取这里的值"],
  face_detector_model: ["人脸检测模型", "用来寻找人脸的模型；可用多个，结果合并"],
  face_detector_size: ["检测尺寸", "检测器观看画面的边长（像素）"],
  face_detector_angles: ["检测方向", "在哪些方向寻找人脸（度）；0 为正立"],
  face_detector_tiles: ["检测分块", "沿长边分成几块来寻找小脸"],
  detect_every: ["寻找新面孔的间隔", "视频中每隔多少帧寻找新出现的人，auto 为按场景决定"],
  frame_sampling: ["帧抽样", "视频中每多少帧完整处理一帧，auto 为场景允许的最少"],
  face_landmarker_model: ["关键点模型", "为神经网络处理器定位眼、鼻、嘴的模型"],
  face_landmarker_score: ["关键点可信度", "高于此分数才采用该模型的关键点"],
  face_classifier_model: ["属性模型", "判断年龄、性别和族群的模型"],
  face_selector_age_start: ["最小年龄", "看起来更年轻的人保持原样"],
  face_selector_age_end: ["最大年龄", "看起来达到此年龄或更大的人保持原样"],
  face_selector_gender: ["性别", "只处理看起来是此性别的人"],
  face_selector_race: ["族群", "只处理看起来属于此族群的人"],
  face_selector_mode: ["处理哪些脸", "全部、一张，或参考图片中的人"],
  face_selector_order: ["计数顺序", "人脸按什么顺序计数"],
  face_position: ["第几张脸", "在“一张”模式下，按上述顺序的第几张"],
  reference_face_path: ["参考图片", "在“参考”模式下，要处理的人的图片"],
  reference_face_position: ["参考图片中的第几张脸", "参考图片有多张脸时需要指定"],
  reference_face_distance: ["同一人的距离", "身份距离低于此值即视为同一人"],
  source_face_position: ["源图片中的第几张脸", "源图片有多张脸时需要指定"],
  face_detector_score: ["检测可信度", "高于此分数的检测才算人脸"],
  face_min_size: ["目标人脸最小宽度", "比此像素数更窄的脸保持原样"],
  face_max_yaw: ["目标人脸最大侧转", "转动超过此角度的脸保持原样"],
  source_face_min_size: ["源人脸最小宽度", "可用的源人脸最少有多少像素宽"],
  source_face_max_yaw: ["源人脸最大侧转", "可用的源人脸最多转动多少度"],
  source_face_min_sharpness: ["源人脸最低清晰度", "0 为模糊，1 为清晰"],
  source_face_max_distance: ["源图片差异上限", "超过此身份距离的两张源图片视为不同的人"],
  face_swapper_model: ["换脸模型", "用哪个模型换脸"],
  blend_ratio: ["新面孔比例", "新面孔在结果中所占的比例"],
  shape: ["五官形状", "眼、鼻、嘴向源面孔的位置移动多少"],
  keep_expression: ["保留表情", "目标的表情皱褶在新面孔上显现多少"],
  skin_tone_match: ["肤色匹配", "新面孔的肤色跟随目标的程度：1 完全跟随，0 保留源面孔的肤色；不设置则由模型决定"],
  face_swapper_weight: ["身份强度", "0 保留三分之一目标身份，1 同样程度地超过源身份"],
  face_swapper_pixel_boost: ["换脸分辨率", "神经网络模型生成人脸的边长"],
  frame_enhancer_model: ["画面增强模型", "模型名称说明放大倍数"],
  frame_enhancer_blend: ["画面增强比例", "增强后的画面所占百分比"],
  frame_colorizer_model: ["上色模型", "为黑白画面上色的模型"],
  frame_colorizer_size: ["上色尺寸", "网络观看画面的边长；越大颜色越细腻"],
  frame_colorizer_blend: ["上色比例", "新颜色所占百分比"],
  background_remover_model: ["去背景模型", "去除背景的模型"],
  background_remover_fill_color: ["背景填充色", "红,绿,蓝,不透明度，各 0 到 255；不透明度 0 为透明"],
  age_modifier_model: ["年龄模型", "改变年龄的模型"],
  age_modifier_direction: ["年龄变化", "负值更年轻，正值更年长，0 不变"],
  face_translator_model: ["人脸转换模型", "您自己登记的人脸转换模型"],
  face_translator_blend: ["人脸转换比例", "新面孔所占百分比"],
  face_mask_types: ["遮罩类型", "限定改动范围的遮罩；多个取交集"],
  face_mask_blur: ["边缘柔和度", "遮罩边缘有多柔和"],
  face_mask_padding: ["遮罩内缩", "方框遮罩：上、右、下、左各留出百分之多少"],
  face_mask_areas: ["显示区域", "区域遮罩：显示脸的哪些区域"],
  face_mask_regions: ["显示部位", "部位遮罩：显示脸的哪些部位"],
  face_occluder_model: ["遮挡模型", "判断脸前有什么的模型；many 为全部"],
  face_parser_model: ["部位模型", "区分脸部各部位的模型"],
  face_enhancer_model: ["人脸修复模型", "让脸更清晰的模型"],
  face_enhancer_blend: ["人脸修复比例", "修复后的脸所占百分比"],
  face_enhancer_weight: ["修复取向", "0 最精细，1 最接近输入"],
  source_audio: ["语音文件", "嘴唇跟随的语音，替换目标的声音"],
  voice_extractor_model: ["人声分离模型", "先把人声与音乐和噪声分开"],
  lip_syncer_model: ["对口型模型", "让嘴唇跟随语音的模型"],
  lip_syncer_weight: ["口型幅度", "0.5 为模型训练时的幅度，1 最大"],
  expression_restorer_model: ["表情还原模型", "还原表情的模型"],
  expression_restorer_factor: ["表情还原程度", "0 不还原，1 略微超过原表情"],
  expression_restorer_areas: ["表情区域", "哪些区域的表情会变化"],
  expression_restorer_driving: ["驱动素材", "取其表情的视频或图片；不给则用处理前的画面"],
  expression_restorer_driving_mode: ["驱动方式", "叠加首帧以来的变化，或直接采用表情"],
  face_editor_model: ["人脸编辑模型", "编辑表情和姿态的模型"],
  face_editor_eyebrow_direction: ["眉毛", "从皱起到扬起"],
  face_editor_eye_gaze_horizontal: ["水平视线", "从画面左侧到右侧"],
  face_editor_eye_gaze_vertical: ["垂直视线", "从下到上"],
  face_editor_eye_open_ratio: ["眼睛开合", "从闭眼到睁大"],
  face_editor_lip_open_ratio: ["嘴唇开合", "从闭合到张大"],
  face_editor_mouth_grim: ["嘴部紧绷", "从放松到紧绷"],
  face_editor_mouth_pout: ["嘟嘴", "从内收到嘟起"],
  face_editor_mouth_purse: ["抿嘴", "从拉开到抿紧"],
  face_editor_mouth_smile: ["微笑", "从嘴角下垂到微笑"],
  face_editor_mouth_position_horizontal: ["嘴部水平位置", "从画面左侧到右侧"],
  face_editor_mouth_position_vertical: ["嘴部垂直位置", "从下到上"],
  face_editor_head_pitch: ["头部俯仰", "从低头到抬头"],
  face_editor_head_yaw: ["头部转动", "从画面左侧到右侧"],
  face_editor_head_roll: ["头部倾斜", "从画面左侧到右侧"],
  trim_start: ["开始", "从这里开始：秒、时:分:秒，或帧号如 250f"],
  trim_end: ["结束", "在这一刻之前结束，写法相同"],
  crop: ["裁剪", "保留的部分：x,y,宽,高（像素）"],
  deinterlace: ["去隔行", "把隔行视频变为逐行"],
  sequence_rate: ["序列帧率", "图片序列每秒多少帧"],
  output_video_encoder: ["视频编码器", "auto 按扩展名和目标的位深选择"],
  output_video_preset: ["编码速度", "编码速度与文件大小的取舍"],
  output_video_quality: ["视频质量", "恒定质量；数值越小越好，默认 18"],
  output_video_bitrate: ["视频码率", "以每秒比特数代替质量"],
  output_video_passes: ["编码遍数", "配合码率：2 为先通看全片再分配"],
  output_video_size: ["输出尺寸", "1280x720、720p 或 50%"],
  output_video_fps: ["输出帧率", "挑选帧，速度不变"],
  sequence_start: ["序列起始编号", "图片序列的第一个编号"],
  renditions: ["附加输出", "同一任务的其他文件，如 'small.mp4 size=720p bitrate=3M'"],
  output_image_quality: ["图片质量", "JPEG、WebP 和 AVIF 的质量"],
  keep_audio: ["保留声音", "复制目标的声音"],
  keep_subtitles: ["保留字幕", "复制目标的字幕"],
  keep_metadata: ["保留信息", "复制标签、章节、时间码和封面"],
  fill_region: ["填补区域", "用周围画面填补您自己的台标：每处 x,y,宽,高"],
  license_policy: ["许可要求", "commercial 拒绝不明确允许商用的模型"],
  execution_providers: ["运算设备", "网络在哪里运行，按优先顺序；auto 为最佳"],
  execution_precision: ["运算精度", "auto 为设备最快且看不出差别的精度"],
  project: ["项目", "用来核对授权同意的项目"],
  territory: ["地区", "作品将在哪里展示，如 DE，用来核对授权同意"],
  label: ["可见标识时段", "视频何时显示可见标识；未设置则按策略"],
  label_language: ["标识语言", "可见标识的语言；未设置则按策略"],
  label_place: ["标识位置", "可见标识在哪个角或边；未设置则按策略"],
  label_text: ["附加文字", "标识下方您自己的文字，不会取代标识"],
  content_producer: ["制作者", "写入元数据的制作者：登记代码或不含空格的名称"],
};

const GROUPS: Record<string, readonly [string, string]> = {
  faces: ["Finding and choosing faces", "寻找与选择人脸"],
  face_swapper: ["New face", "换脸"],
  face_masks: ["Masks", "遮罩"],
  face_enhancer: ["Face enhancer", "人脸修复"],
  expression_restorer: ["Expression", "表情"],
  face_editor: ["Face editor", "人脸编辑"],
  age_modifier: ["Age", "年龄"],
  lip_syncer: ["Lip sync", "对口型"],
  face_translator: ["Face translator", "人脸转换"],
  frame_enhancer: ["Frame enhancer", "画面增强"],
  frame_colorizer: ["Colour", "上色"],
  background_remover: ["Background", "背景"],
  input: ["Input", "输入"],
  output: ["Output", "输出"],
  models: ["Models", "模型"],
  runtime: ["Computing", "运算"],
  trust: ["Label and consent", "标识与授权"],
};

const SUMMARIES: Record<string, string> = {
  face_enhancer: "让脸更清晰",
  expression_restorer: "还原目标原来的表情",
  face_editor: "调整表情、视线和头部姿态",
  age_modifier: "让脸更年轻或更年长",
  lip_syncer: "让嘴唇跟随语音",
  face_translator: "用您自己的模型转换人脸",
  frame_enhancer: "放大并增强整个画面",
  frame_colorizer: "为黑白画面上色",
  background_remover: "去除或替换背景",
};

const VALUES: Record<string, string> = {
  mesh: "网格",
  ellipse: "椭圆",
  box: "方框",
  area: "区域",
  occlusion: "遮挡",
  region: "部位",
  "upper-face": "上半脸",
  "lower-face": "下半脸",
  mouth: "嘴",
  skin: "皮肤",
  "left-eyebrow": "左眉",
  "right-eyebrow": "右眉",
  "left-eye": "左眼",
  "right-eye": "右眼",
  glasses: "眼镜",
  nose: "鼻",
  "upper-lip": "上唇",
  "lower-lip": "下唇",
  many: "全部",
  one: "一张",
  reference: "参考",
  female: "女",
  male: "男",
  white: "白人",
  black: "黑人",
  latino: "拉丁裔",
  asian: "亚裔",
  indian: "南亚裔",
  arabic: "阿拉伯裔",
  "large-small": "从大到小",
  "small-large": "从小到大",
  "left-right": "从左到右",
  "right-left": "从右到左",
  "top-bottom": "从上到下",
  "bottom-top": "从下到上",
  "best-worst": "从好到差",
  "worst-best": "从差到好",
  relative: "相对",
  absolute: "绝对",
  auto: "自动",
  any: "任意",
  commercial: "可商用",
  start: "开头",
  ends: "开头和结尾",
  throughout: "始终",
  en: "英文",
  zh: "中文",
  both: "两者",
  "top-left": "左上",
  top: "上",
  "top-right": "右上",
  "bottom-left": "左下",
  bottom: "下",
  "bottom-right": "右下",
};

const isZh = (): boolean => languages.current === "zh";
const spaced = (name: string): string => {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};
const sentence = (text: string): string => (text ? text.charAt(0).toUpperCase() + text.slice(1) : text);

/** What an option is called. */
export function optionLabel(name: string): string {
  return (isZh() ? ZH[name]?.[0] : undefined) ?? spaced(name);
}

/** One line of what an option does. */
export function optionHint(name: string, english: string): string {
  return (isZh() ? ZH[name]?.[1] : undefined) ?? sentence(english);
}

/** What a group of options is called. */
export function groupLabel(name: string): string {
  return GROUPS[name]?.[isZh() ? 1 : 0] ?? spaced(name);
}

/** One line of what a processor does. */
export function processorHint(name: string, english: string): string {
  return (isZh() ? SUMMARIES[name] : undefined) ?? sentence(english);
}

/** What a value of a closed set is called. */
export function valueLabel(value: string): string {
  return (isZh() ? VALUES[value] : undefined) ?? value;
}
