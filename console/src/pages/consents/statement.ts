/** The text that a person reads before they sign; it is kept with the consent, word for word. */

import type { Language } from "../../lib/i18n/index.svelte";

export interface Agreed {
  person: string;
  /** Who agrees, where it is somebody else. */
  other: string;
  photos: string[];
  project: string;
  processors: string[];
  territories: string[];
  /** The last day, as people read it; empty where there is none. */
  until: string;
}

const listed = (language: Language, values: string[]): string =>
  new Intl.ListFormat(language === "zh" ? "zh-CN" : "en-GB", { type: "conjunction" }).format(values);

function english(agreed: Agreed): string[] {
  const signer = agreed.other || agreed.person;
  const face = agreed.other ? `the face of ${agreed.person}, for whom I may decide,` : "my face";
  return [
    `I, ${signer}, agree that ${face} as shown in these photos may be put into pictures and videos by a computer: ${listed("en", agreed.photos)}.`,
    agreed.project ? `It may be used for the project “${agreed.project}” alone.` : "It may be used for any project.",
    agreed.processors.length
      ? `Only this may be done with it: ${listed("en", agreed.processors)}.`
      : "All kinds of work that this software offers may be done with it.",
    agreed.territories.length
      ? `Results may be shown only in ${listed("en", agreed.territories)}.`
      : "Results may be shown everywhere.",
    agreed.until ? `This holds until ${agreed.until}.` : "This holds until I take it back.",
    "I may take it back at any time, without a reason. Work with the face stops then, and nothing more of it is published.",
    "Numbers that describe the face are kept, encrypted, so that it is known again. The photos are not kept with this consent.",
  ];
}

function chinese(agreed: Agreed): string[] {
  const signer = agreed.other || agreed.person;
  const face = agreed.other ? `${agreed.person}（由我代为决定）的面孔` : "我的面孔";
  return [
    `我，${signer}，同意由计算机将以下照片中${face}放入图片和视频：${listed("zh", agreed.photos)}。`,
    agreed.project ? `仅可用于项目“${agreed.project}”。` : "可用于任何项目。",
    agreed.processors.length
      ? `仅可进行以下处理：${listed("zh", agreed.processors)}。`
      : "可进行本软件提供的所有处理。",
    agreed.territories.length
      ? `结果仅可在以下地区展示：${listed("zh", agreed.territories)}。`
      : "结果可在任何地方展示。",
    agreed.until ? `有效期至${agreed.until}。` : "在我撤回之前一直有效。",
    "我可以随时撤回，无需说明理由。届时会停止使用这张面孔，不再发布任何相关内容。",
    "描述面孔的数字会加密保存，以便再次识别。照片不随同意书保存。",
  ];
}

/** Return its paragraphs. */
export const statement = (language: Language, agreed: Agreed): string[] =>
  language === "zh" ? chinese(agreed) : english(agreed);

/** Return what is kept: the text, who agreed to it, how and when. */
export function record(language: Language, agreed: Agreed, way: "draw" | "type", typed: string, at: Date): string {
  const signer = agreed.other || agreed.person;
  const how =
    language === "zh"
      ? way === "draw"
        ? `${signer} 在屏幕上手写签名。`
        : `${typed} 以输入姓名代替签名，并声明：我已阅读以上文本并同意。`
      : way === "draw"
        ? `Signed by hand on a screen by ${signer}.`
        : `Signed by typing the name ${typed}, with the words: I have read the text above and agree.`;
  return [...statement(language, agreed), how, at.toISOString()].join("\n\n") + "\n";
}
