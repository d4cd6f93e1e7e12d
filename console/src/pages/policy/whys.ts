/**
 * Reasons of the profiles in Chinese, by what they say in English: a reason that somebody wrote here stays as they
 * wrote it. A test holds the list against the profiles that there are.
 */

export const WHYS: Readonly<Record<string, string>> = {
  // What profiles are for
  "One person on a machine of their own": "个人在自己的机器上使用",
  "Film and post-production with contracts: performers' consent on record, nothing visible in the picture":
    "有合同的影视后期制作：表演者的同意登记在案，画面中没有可见标识",
  "Publication in the European Union: article 50 of the AI Act and its code of practice on marking and labelling":
    "在欧盟发布：《人工智能法》第 50 条及其标识行为准则",
  "Publication in China: the measures for labelling synthetic content and GB 45438-2025":
    "在中国发布：《人工智能生成合成内容标识办法》与 GB 45438-2025",
  "A service that works for others": "为他人提供的服务",

  // personal
  "Whoever edits a face has to know what that may not be used for": "编辑人脸的人必须知道不可用于何处",
  "At home you answer for having the consent of those whose face you use; no record of it is asked for":
    "个人使用时，您自己负责取得当事人的同意，不要求登记",
  "Explicit content and minors are refused everywhere, and so every source is looked at":
    "露骨内容和未成年人在任何地方都会被拒绝，因此检查每个来源",
  "Explicit content and minors are refused everywhere, and so every target is looked at":
    "露骨内容和未成年人在任何地方都会被拒绝，因此检查每个目标",
  "An edit can make something that neither source nor target shows": "编辑可能产生来源和目标中都没有的内容",
  "Every new shot is looked at, and what goes on every two seconds": "每个新镜头都会检查，持续的画面每两秒检查一次",
  "A live stream is looked at about once a second": "直播大约每秒检查一次",
  "The usual thresholds were chosen on ordinary portraits, of which they refuse none":
    "通常的阈值依据普通人像选定，这些人像一张也不会被拒绝",
  "Minors are not edited; looks err, so a grown-up who looks younger may be refused":
    "不处理未成年人；外貌判断会出错，显年轻的成年人可能被拒绝",
  "A face that was put on the list is not used, by nobody on this machine": "名单上的面孔，这台机器上谁都不能使用",
  "Somebody may allow the use of their own face": "本人可以允许使用自己的面孔",
  "Outputs at home need no visible label; they say what they are in metadata, watermark and manifest. Whoever publishes one may have to label it":
    "个人使用的输出不需要可见标签，元数据、水印和清单中已有说明；公开发布时可能必须加标签",
  "The corner is a matter of taste": "放在哪个角由个人喜好决定",
  "The language is that of your audience": "使用观众的语言",
  "A label that is shown shorter is not read": "显示时间再短就来不及看清",
  "Letters below a twentieth of the short side are not read on a phone": "字高小于短边的二十分之一，在手机上就看不清",
  "Metadata are lost when a file is uploaded or converted; a watermark stays": "上传或转换会丢失元数据，水印则会保留",
  "Every output says that software edited it, where programs look for that":
    "每个输出都在程序会读取的位置说明经软件编辑",
  "Platforms read this object, and it costs nothing": "平台会读取此对象，且没有代价",
  "A signed manifest tells who made the file and shows any change made later; some forms can hold none":
    "签名清单说明文件由谁制作，并能发现之后的改动；有些格式无法携带",
  "Whoever is asked about a file must be able to say how it came about": "被问起某个文件时，必须能说明它的来历",
  "A month is enough for questions at home": "个人使用，一个月足以回答问题",
  "It is your own machine, and what a job keeps is wiped at its end": "这是您自己的机器，任务保留的内容会在结束时清除",
  "Your files are yours; nothing deletes them": "文件属于您，不会自动删除",
  "Your own disk is encrypted, or not, as you chose": "磁盘是否加密由您自己决定",
  "Weights for non-commercial use may be used at home": "个人使用可以采用仅限非商业用途的权重",

  // studio
  "A performer's face is used only as their agreement says": "只按协议约定使用表演者的面孔",
  "A face that was taken out of use comes back only when its entry is removed":
    "停用的面孔只有在其记录删除后才能再次使用",
  "A label in the picture would spoil the work; it is disclosed by metadata, watermark and manifest, and in the credits":
    "画面中的标签会破坏作品；以元数据、水印、清单和片尾字幕说明",
  "Questions about a production come up to half a year after it": "制作完成后半年内仍可能有人询问",
  "What is sold must not be made with weights that forbid it": "出售的作品不得使用禁止商用的权重",

  // eu
  "A face is personal data; the GDPR asks for a legal ground that can be shown":
    "面孔属于个人数据；GDPR 要求有可以证明的法律依据",
  "The code of practice asks for a label at the first moment that people see a deepfake (AI Act, article 50(4))":
    "行为准则要求在人们首次看到深度伪造内容时显示标签（《人工智能法》第 50 条第 4 款）",
  "The code of practice suggests the top right corner, where nothing covers the label":
    "行为准则建议放在右上角，那里不会被遮挡",
  "The object is asked for in China only": "只有中国要求此对象",
  "Logs of half a year let a deployer answer questions": "保留半年的日志，部署者才能回答询问",

  // cn
  "The provisions on deep synthesis (article 14) ask for the separate consent of whose face is edited":
    "《互联网信息服务深度合成管理规定》第十四条要求取得被编辑者的单独同意",
  "GB 45438-2025 asks for an explicit label at the start of a video, and in every picture":
    "GB 45438-2025 要求在视频开头和每张图片中加显式标识",
  "The label's words are Chinese, as GB 45438-2025 asks": "按 GB 45438-2025 的要求，标签使用中文",
  "GB 45438-2025 asks for an implicit label in the file's metadata": "GB 45438-2025 要求在文件元数据中加隐式标识",
  "Six months is the term that the labelling measures (article 9) set for logs": "标识办法第九条规定日志保存六个月",

  // hosted
  "A service cannot know whose face is handed in, so a consent must be on record":
    "服务无从知道提交的是谁的面孔，因此同意必须登记在案",
  "What strangers hand in is looked at more often": "对陌生人提交的内容检查得更频繁",
  "Somebody whose face is on the list may allow its use, with a consent on record":
    "名单上的人可以允许使用自己的面孔，但同意须登记在案",
  "What a service gives out is seen by people who know nothing of how it was made":
    "服务给出的内容会被不了解其制作方式的人看到",
  "Authorities and those affected may ask for half a year": "主管机关和相关人员可能在半年内询问",
  "A week is enough to fetch a result": "一周足以取回结果",
  "A service is a commercial use": "提供服务属于商业用途",
};
