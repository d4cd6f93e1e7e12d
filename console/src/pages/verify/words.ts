import { dictionary } from "../../lib/i18n/index.svelte";

export const w = dictionary(
  {
    title: "Check a file",
    hint: "Was this picture or video made with FaceFusion, and is it as it was? Nothing of the file is kept.",
    drop: "Drop a picture or video here",
    dropHint:
      "Or choose one. The original file tells most: what was cropped, copied from a screen or sent by a messenger may have lost marks.",
    another: "Check another file",
    looking: "Reading the marks…",
    lookingHint: "A few seconds; longer where a file bears none, as it is searched thoroughly.",
    stop: "Stop",
    verdicts: {
      holds: {
        title: "Made here, and unchanged",
        text: "The marks of this file hold: it was edited with FaceFusion at this place.",
      },
      unmarked: {
        title: "No mark is found",
        text: "That does not prove that it is a real recording: marks can be taken away, and other programs make none, or others.",
      },
      broken: {
        title: "Not as it was marked",
        text: "It bears marks, but it was changed afterwards, or a mark was put onto it that belongs elsewhere. Do not rely on it.",
      },
      unvouched: {
        title: "Marked, but nobody known here vouches for it",
        text: "It says that it was edited with artificial intelligence. Who signed that, if anybody, is not known to this service.",
      },
      unread: {
        title: "It cannot be read",
        text: "It may be damaged, incomplete or no picture or video. Ask for the original file.",
      },
    },
    layers: {
      provenance: {
        name: "Signed history",
        about: "A signed statement in the file that says what was done to it (Content Credentials, C2PA).",
        states: {
          holds: "It is there, the signature is right, and this service knows the signer.",
          unknown: "It is there and whole, but the signer is not known to this service.",
          broken: "It is there, but does not fit the file: something was changed afterwards.",
          stripped: "It was taken away; another mark says that it was there.",
          absent: "There is none.",
          unread: "Nobody can tell.",
        },
      },
      metadata: {
        name: "Label for machines",
        about:
          "A note in the file, for programs and platforms: made with artificial intelligence. Anybody can write or delete it.",
        states: {
          holds: "It says: made with artificial intelligence.",
          unknown: "It says so, but who wrote it is not known.",
          broken: "It is there, but contradicts another mark.",
          stripped: "It was taken away; another mark says that it was there.",
          absent: "There is none.",
          unread: "Nobody can tell.",
        },
      },
      watermark: {
        name: "Invisible watermark",
        about: "A number hidden in the picture itself. It survives saving anew, resizing and screen recordings.",
        states: {
          holds: "It is in the picture, and was put there by this service.",
          unknown: "There is one, but whose is not known.",
          broken: "There is one, but it was copied or forged.",
          stripped: "It cannot be read, though another mark says that it was there.",
          absent: "None of this service is found.",
          unread: "Only the place that made the file can read it.",
        },
      },
      audit: {
        name: "Record at this service",
        about: "What left this service is written down, without pictures and names.",
        states: {
          holds: "This file, or what it was made from, left here.",
          unknown: "It names something that left here, where anybody may have written that.",
          broken: "What is written down contradicts the file.",
          stripped: "It names a record that is not here.",
          absent: "Nothing like it left here.",
          unread: "There are no records here, or they cannot be read.",
        },
      },
    },
    states: {
      holds: "Holds",
      unknown: "Unknown",
      broken: "Broken",
      stripped: "Taken away",
      absent: "None",
      unread: "Unread",
    },
    details: "Details for experts",
    said: "In the words of the check",
    facts: "What it says",
    signInTitle: "Sign in to check files",
    signInText: "This service checks files for people whom it knows.",
    signIn: "Sign in",
    tooLarge: "The file is too large to be checked without signing in",
    tooMany: "Too many files from here; try again in a minute",
  },
  {
    title: "检验文件",
    hint: "这张图片或这段视频是否由 FaceFusion 制作，并且保持原样？不会保留文件的任何内容。",
    drop: "将图片或视频拖到此处",
    dropHint: "也可点击选择。原始文件信息最全：裁剪、截屏或经聊天软件发送后，标记可能已丢失。",
    another: "检验另一个文件",
    looking: "正在读取标记…",
    lookingHint: "需要几秒钟；没有标记的文件会被仔细查找，时间更长。",
    stop: "停止",
    verdicts: {
      holds: { title: "由本服务制作，且保持原样", text: "此文件的标记有效：它是在本服务用 FaceFusion 编辑的。" },
      unmarked: {
        title: "没有发现标记",
        text: "这不能证明它是真实拍摄的：标记可能被去除，其他程序可能不做标记或使用别的标记。",
      },
      broken: {
        title: "与标记时不一致",
        text: "它带有标记，但之后被修改过，或者带有属于其他文件的标记。请勿信任它。",
      },
      unvouched: {
        title: "有标记，但本服务不认识担保者",
        text: "它声明由人工智能编辑。签名者（如果有）不为本服务所知。",
      },
      unread: { title: "无法读取", text: "文件可能已损坏、不完整，或不是图片或视频。请索取原始文件。" },
    },
    layers: {
      provenance: {
        name: "签名的来历",
        about: "文件中经过签名的声明，说明对它做过什么（内容凭证，C2PA）。",
        states: {
          holds: "存在，签名正确，且本服务认识签名者。",
          unknown: "存在且完整，但本服务不认识签名者。",
          broken: "存在，但与文件不符：之后有内容被修改。",
          stripped: "已被去除；另一个标记表明它曾经存在。",
          absent: "没有。",
          unread: "无法判断。",
        },
      },
      metadata: {
        name: "机器可读的标识",
        about: "写在文件中、供程序和平台读取的说明：由人工智能生成。任何人都可以写入或删除。",
        states: {
          holds: "声明：由人工智能生成。",
          unknown: "有声明，但不知道是谁写的。",
          broken: "存在，但与另一个标记矛盾。",
          stripped: "已被去除；另一个标记表明它曾经存在。",
          absent: "没有。",
          unread: "无法判断。",
        },
      },
      watermark: {
        name: "隐形水印",
        about: "隐藏在画面中的号码，重新保存、缩放和录屏后仍然存在。",
        states: {
          holds: "画面中有水印，由本服务加入。",
          unknown: "有水印，但不知道属于谁。",
          broken: "有水印，但是复制或伪造的。",
          stripped: "无法读取，但另一个标记表明它曾经存在。",
          absent: "没有发现本服务的水印。",
          unread: "只有制作此文件的服务才能读取。",
        },
      },
      audit: {
        name: "本服务的记录",
        about: "从本服务发出的内容都有记录，不含图片和姓名。",
        states: {
          holds: "此文件或其原件是从本服务发出的。",
          unknown: "它提到从本服务发出的内容，但任何人都可能写入这一点。",
          broken: "记录与文件矛盾。",
          stripped: "它提到的记录不在这里。",
          absent: "本服务没有发出过类似的文件。",
          unread: "这里没有记录，或无法读取。",
        },
      },
    },
    states: { holds: "有效", unknown: "未知", broken: "已破坏", stripped: "已去除", absent: "无", unread: "未读取" },
    details: "供专业人士查看的详情",
    said: "检验结果原文",
    facts: "声明内容",
    signInTitle: "登录后检验文件",
    signInText: "本服务只为已知用户检验文件。",
    signIn: "登录",
    tooLarge: "文件过大，未登录无法检验",
    tooMany: "来自此处的文件过多，请一分钟后重试",
  },
);
