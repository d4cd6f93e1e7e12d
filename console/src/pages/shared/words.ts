import { dictionary } from "../../lib/i18n/index.svelte";

export const w = dictionary(
  {
    title: "A result that was shared with you",
    synthetic: "This is synthetic",
    syntheticHint: "Faces in it were edited by a computer. Do not take it for a recording of what happened.",
    marks: "It says so itself, by these marks:",
    mark: {
      label: "a visible label",
      watermark: "an invisible watermark",
      metadata: "metadata",
      provenance: "a signed manifest",
    } as Record<string, string>,
    until: (when: string) => `The link ends on ${when}.`,
    download: "Download",
    gone: "This link leads nowhere",
    goneHint: "Its time may be over, or it was taken back. Ask whoever sent it for a new one.",
    noPreview: "This browser cannot show the file; download it instead.",
    made: "Made with FaceFusion",
  },
  {
    title: "与您分享的结果",
    synthetic: "这是合成内容",
    syntheticHint: "其中的人脸经计算机处理，请勿视为真实记录。",
    marks: "文件自身带有以下标识：",
    mark: { label: "可见标识", watermark: "隐形水印", metadata: "元数据", provenance: "签名清单" },
    until: (when: string) => `链接有效至 ${when}。`,
    download: "下载",
    gone: "此链接无效",
    goneHint: "链接可能已过期或被收回，请向发送者索取新链接。",
    noPreview: "浏览器无法显示此文件，请下载后查看。",
    made: "由 FaceFusion 制作",
  },
);
