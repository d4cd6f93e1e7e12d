import { dictionary } from "../../lib/i18n/index.svelte";

export const w = dictionary(
  {
    title: "Jobs",
    empty: "Nothing was made yet",
    hint: "What you make appears here, and stays here when you close the page.",
  },
  { title: "任务", empty: "还没有任务", hint: "您制作的内容会显示在这里，关闭页面后仍会保留。" },
);
