/** Kinds of work in words that somebody understands who never used this software. */

import { languages, type Language } from "../i18n/index.svelte";

const WORK: Record<string, readonly [string, string]> = {
  face_swapper: ["putting the face in place of another", "将面孔换到他人脸上"],
  face_enhancer: ["making the face crisper", "使面部更清晰"],
  expression_restorer: ["keeping the expression of the scene", "保留原有表情"],
  face_editor: ["changing expression and gaze", "改变表情和视线"],
  age_modifier: ["making the face look younger or older", "使面孔显得更年轻或更年长"],
  portrait_animator: ["moving a still portrait", "让静态肖像动起来"],
  lip_syncer: ["moving the lips to speech", "使嘴唇随语音而动"],
  face_translator: ["redrawing the face by a model of the user", "用自有模型重绘面孔"],
  frame_enhancer: ["enlarging the whole picture", "放大整个画面"],
  film_restorer: ["restoring old film", "修复老胶片"],
  frame_colorizer: ["colouring black and white", "为黑白画面上色"],
  colour_matcher: ["matching colours to another picture", "使色彩与另一画面一致"],
  temporal_smoother: ["taking out flicker", "去除闪烁"],
  background_remover: ["replacing the background", "替换背景"],
  stylizer: ["drawing the picture as a cartoon, in oil or in pencil", "将画面画成卡通、油画或素描"],
  makeup: ["putting make-up or wrinkles of this face on others", "将此面孔的妆容或皱纹用于他人"],
  anonymizer: ["making faces unrecognisable", "使人脸无法辨认"],
};

const NAMES: Record<string, string> = {
  face_swapper: "换脸",
  face_enhancer: "人脸修复",
  expression_restorer: "表情还原",
  face_editor: "人脸编辑",
  age_modifier: "年龄变化",
  portrait_animator: "肖像动画",
  lip_syncer: "对口型",
  face_translator: "人脸转换",
  frame_enhancer: "画面增强",
  film_restorer: "胶片修复",
  frame_colorizer: "上色",
  colour_matcher: "色彩匹配",
  temporal_smoother: "时间平滑",
  background_remover: "去除背景",
  stylizer: "画风",
  makeup: "妆容",
  anonymizer: "匿名化",
};

/** What a processor is called; in English as the service names it. */
export const processorName = (processor: string): string =>
  (languages.current === "zh" ? NAMES[processor] : undefined) ?? processor;

/** What a processor does; its name where it came with a package of somebody else. */
export const workName = (processor: string, language: Language = languages.current): string =>
  WORK[processor]?.[language === "zh" ? 1 : 0] ?? processor;
