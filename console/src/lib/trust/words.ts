import { dictionary } from "../i18n/index.svelte";

/** What each refusal means and what helps. None of them says that somebody meant harm. */
export const w = dictionary(
  {
    helps: "What you can do",
    record: "Put a consent on record",
    flags: {
      "faces-lost": "faces were lost",
      "not-the-source": "it looks little like the new face",
      "another-person": "it looks like somebody else",
      expression: "the expression is another",
      pose: "the head is turned otherwise",
      blurred: "it is more blurred than before",
      unchanged: "much of it was not changed",
    } as Record<string, string>,
    refusals: {
      PolicyError: {
        title: "The rules of this place do not allow this",
        means: "Whoever runs this service decided what may be done with it. This job asks for something else.",
        helps: ["Change what the message names, and start it again.", "Ask whoever runs the service if you need it."],
      },
      AcknowledgementError: {
        title: "The terms of use come first",
        means: "Nobody has said yet on this machine that the terms of use are known.",
        helps: ["Ask whoever runs the service to acknowledge them once."],
      },
      ConsentMissingError: {
        title: "A consent is needed for this face",
        means: "Here, each new face needs the consent of the person it belongs to. For this one none is on record.",
        helps: [
          "Ask the person, and put their consent on record; they can sign on this screen.",
          "If there is one, add more photos to a new record: one of them like the photo you use.",
        ],
      },
      ConsentRevokedError: {
        title: "The consent for this face was revoked",
        means: "The person took their consent back. Work with their face stops, and nothing of it is published.",
        helps: ["Use another face.", "If they agree again, put a new consent on record."],
      },
      ConsentScopeError: {
        title: "The consent does not cover this use",
        means: "There is a consent for this face, for another project, kind of work, country or time.",
        helps: ["Look at the consent, and stay within it.", "Ask the person for a consent that covers this use."],
      },
      ContentRefusedError: {
        title: "This content is not worked on",
        means:
          "An automatic check refuses explicit material and people who seem to be minors, for everybody and under all rules. Such checks err: close-ups of a mouth and young-looking adults are sometimes refused as well.",
        helps: [
          "Choose another photo or clip, or a part of it without the moment that is named.",
          "Photos that show the whole face are taken for something else far more rarely.",
        ],
      },
      ContentUncheckedError: {
        title: "The content could not be checked",
        means: "What is not checked is not worked on. Nothing is wrong with your file as far as anybody knows.",
        helps: ["Try again later.", "If it stays so, tell whoever runs the service what the message says."],
      },
      FaceBlockedError: {
        title: "This face is on a list of faces that are not used",
        means:
          "Somebody asked that their face is not used here. Faces are compared by likeness, so now and then another person's face is taken for it.",
        helps: [
          "Use another face or another photo.",
          "If it is a mistake, ask whoever runs the service to look into it.",
        ],
      },
      DisclosureError: {
        title: "The result cannot bear the marks it must have",
        means: "Results have to say that they are synthetic. This kind of file cannot carry a mark that is required.",
        helps: ["Choose another format for the result, such as MP4 or PNG."],
      },
      ReviewFirstError: {
        title: "There is no preview here: a second person looks first",
        means: "Results like this are reviewed before anybody sees them. A preview would show them before that.",
        helps: [
          "Choose the settings and start the job all the same: it runs, and its result then waits for a review.",
          "You get the result as soon as somebody else approves it.",
        ],
      },
    },
  },
  {
    helps: "您可以这样做",
    record: "登记同意书",
    flags: {
      "faces-lost": "有的人脸丢失了",
      "not-the-source": "与新面孔不太像",
      "another-person": "看起来像另一个人",
      expression: "表情与原来不同",
      pose: "头部朝向与原来不同",
      blurred: "比原来模糊",
      unchanged: "大部分没有改变",
    },
    refusals: {
      PolicyError: {
        title: "本处规则不允许此操作",
        means: "服务的管理者规定了可以做什么。此任务超出了规定范围。",
        helps: ["修改提示中指出的内容后重新开始。", "如确有需要，请联系服务的管理者。"],
      },
      AcknowledgementError: {
        title: "请先确认使用条款",
        means: "这台机器上还没有人确认过使用条款。",
        helps: ["请服务的管理者确认一次。"],
      },
      ConsentMissingError: {
        title: "使用这张面孔需要本人同意",
        means: "在这里，每张新面孔都需要本人的同意。这张面孔还没有登记同意书。",
        helps: [
          "征得本人同意并登记，本人可直接在屏幕上签名。",
          "如果已有同意书，请用更多照片重新登记，其中一张与您使用的照片相近。",
        ],
      },
      ConsentRevokedError: {
        title: "这张面孔的同意书已被撤销",
        means: "本人撤回了同意。相关工作会停止，不会发布任何内容。",
        helps: ["请使用其他面孔。", "如果本人再次同意，请登记新的同意书。"],
      },
      ConsentScopeError: {
        title: "同意书不包含此用途",
        means: "这张面孔有同意书，但适用于其他项目、处理方式、地区或时间。",
        helps: ["查看同意书，并在其范围内使用。", "请本人签署涵盖此用途的同意书。"],
      },
      ContentRefusedError: {
        title: "此内容不予处理",
        means:
          "自动检查对所有人、在任何规则下都会拒绝露骨内容以及看似未成年的人。检查也会出错：嘴部特写和显年轻的成年人有时也会被拒绝。",
        helps: ["请选择其他照片或视频，或去掉提示中所指的片段。", "显示完整面部的照片被误判的可能性小得多。"],
      },
      ContentUncheckedError: {
        title: "无法检查内容",
        means: "未经检查的内容不会处理。目前并未发现您的文件有任何问题。",
        helps: ["请稍后重试。", "如仍然如此，请将提示内容告知服务的管理者。"],
      },
      FaceBlockedError: {
        title: "这张面孔在禁用名单上",
        means: "有人要求不要在这里使用自己的面孔。比对依据相似度，偶尔会误认他人的面孔。",
        helps: ["请使用其他面孔或其他照片。", "如果有误，请服务的管理者核查。"],
      },
      DisclosureError: {
        title: "结果无法带上必需的标记",
        means: "结果必须标明是合成内容。这种文件无法携带所要求的标记。",
        helps: ["请为结果选择其他格式，例如 MP4 或 PNG。"],
      },
      ReviewFirstError: {
        title: "此处没有预览：须先由另一位人员审核",
        means: "这类结果在任何人看到之前都要经过审核，而预览会提前显示结果。",
        helps: ["您仍可选好设置并开始任务：任务会照常运行，结果随后等待审核。", "其他人批准后，您即可获得结果。"],
      },
    },
  },
);
