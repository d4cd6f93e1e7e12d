/**
 * Notes on results in Chinese: which sentence of the service is meant, and what is said in its place. What is not among
 * them is shown as the service says it. A test holds the sentences against those that the service has.
 */

type Note = readonly [english: RegExp, chinese: string];

const LEFT = "，已保持原样";

export const NOTES: readonly Note[] = [
  [
    /^(.+) was not found in (.+): the nearest face is at distance (.+), the limit is (.+)$/,
    "在 $2 中没有找到 $1：最接近的面孔距离为 $3，上限为 $4",
  ],
  [
    /^(.+) was not found in (.+): faces like theirs are more like others of the map$/,
    "在 $2 中没有找到 $1：相似的面孔更像对应表中的其他人",
  ],
  [/^(.+) was not found in (.+)$/, "在 $2 中没有找到 $1"],
  [
    /^Faces in (\d+) of (\d+) frames are turned more than (\d+)° and were left as they are$/,
    `$2 帧中有 $1 帧的人脸侧转超过 $3°${LEFT}`,
  ],
  [
    /^Faces in (\d+) of (\d+) frames are narrower than (\d+) pixels and were left as they are$/,
    `$2 帧中有 $1 帧的人脸宽度小于 $3 像素${LEFT}`,
  ],
  [
    /^A face could not be replaced and is blurred in (\d+) of the frames: (.+)$/,
    "有 $1 帧的人脸无法替换，已改为模糊：$2",
  ],
  [
    /^A face was not found and is covered where it was followed in (\d+) of the frames: (.+)$/,
    "有 $1 帧没有找到人脸，已遮盖跟踪到的位置：$2",
  ],
  [/^Some faces are turned more than (\d+)° and were left as they are$/, `有的人脸侧转超过 $1°${LEFT}`],
  [/^Some faces are narrower than (\d+) pixels and were left as they are$/, `有的人脸宽度小于 $1 像素${LEFT}`],
  [
    /^(.+) files hold no signed manifest of provenance; the other marks are there$/,
    "$1 文件无法携带签名清单；其他标记都在",
  ],
  [
    /^Pictures of a sequence hold no signed manifest of provenance; the other marks are there$/,
    "图片序列无法携带签名清单；其他标记都在",
  ],
  [
    /^(.+) is interlaced, and is enlarged as if it were not; use --deinterlace$/,
    "$1 是隔行视频，却按逐行放大；请使用“去隔行”",
  ],
  [/^(.+) files hold pictures alone; left out: the speech$/, "$1 文件只能存放画面，语音已略去"],
  [
    /^(.+) files hold no transparency as they are written here: what is transparent is white$/,
    "这里写出的 $1 文件不支持透明，透明部分为白色",
  ],
  [/^It breaks off (.+); what is damaged there was left out$/, "文件在中途断开（$1），损坏的部分已略去"],
  [
    /^It begins in mid-stream; what comes before its first whole picture was left out$/,
    "文件从中途开始，第一个完整画面之前的部分已略去",
  ],
  [/^The ICC profile of the pictures is left out$/, "图片的 ICC 色彩配置已略去"],
  [
    /^Models do not fit into memory together and are loaded by turns; more max-memory is faster$/,
    "内存放不下所有模型，只能轮流加载；增大内存上限会更快",
  ],
  [/^No frames are shown while the job runs: (.+)$/, "任务进行中不显示画面：$1"],
  [/^(.+): left out: (.+)$/, "$1：已略去：$2"],
];
