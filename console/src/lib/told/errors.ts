/**
 * Errors of the service in Chinese, by the last part of their `type`: what happened, and what to do next. The service
 * itself says it in English. A test holds the list against the errors that there are.
 */

type Words = readonly [what: string, next: string];

const AGAIN = "请稍后重试。";
const OPERATOR = "请告知服务的管理者。";
const MENDED = "请按原文所说的内容修改后重试。";

export const ERRORS: Readonly<Record<string, Words>> = {
  FaceFusionError: ["未能完成此操作", MENDED],
  OptionsError: ["设置有误，或彼此不能同时使用", "请修改原文中提到的设置，或恢复默认值后重试。"],
  BatchError: ["这一批任务中有的无法开始，因此一个都没有开始", "请先修改原文中提到的任务，再重新提交。"],
  CancelledError: ["已被取消", "如仍需要，请重新开始。"],

  InputError: ["文件无法使用", "请换一个文件。"],
  InputMissingError: ["找不到文件，或无权读取", "文件可能已过期，请重新上传。"],
  InputTypeError: ["这种文件无法读取", "请使用常见格式的图片或视频，例如 JPEG、PNG 或 MP4。"],
  InputDamagedError: ["文件为空、不完整或已损坏", "请从原处重新获取文件，再次上传。"],
  InputLimitError: ["文件超出允许的大小、长度或分辨率", "请缩小、剪短后重试，限制见原文。"],
  IsolationError: ["服务要求隔离处理文件，但这台机器做不到", OPERATOR],

  FaceError: ["画面中的人脸不符合要求", "请换一张照片，或选择其他人脸。"],
  NoFaceError: ["没有找到人脸", "请使用能清楚看到整张脸的照片或视频。"],
  SeveralFacesError: ["画面中有好几张脸，而这里只需要一张", "请选择其中一张，或把照片裁剪到只剩一张脸。"],
  FaceTooSmallError: ["脸太小", "请使用更大的照片，或离得更近的画面。"],
  FaceBlurredError: ["脸太模糊", "请使用更清晰的照片。"],
  FaceTurnedError: ["脸侧得太多", "请使用正对镜头的照片。"],
  ReferenceNotFoundError: ["参考图片中的人不在目标里", "请换一张参考图片，或放宽“同一人的距离”。"],
  DifferentPeopleError: ["这些照片应是同一个人，但看起来不是", "请只保留同一个人的照片。"],

  OutputError: ["无法写出结果", "请换一个名称或格式。"],
  OutputTypeError: ["无法写成这种格式", "请为结果换一个扩展名，例如 MP4 或 PNG。"],
  OutputUnwritableError: ["存放结果的地方无法写入", OPERATOR],
  OutputIsInputError: ["结果会覆盖其中一个素材", "请为结果换一个名称。"],
  OutputExistsError: ["已有同名的结果，不能覆盖", "请为结果换一个名称。"],
  DiskFullError: ["磁盘空间不足", "请删除不再需要的结果，或告知服务的管理者。"],

  ModelError: ["模型无法使用", "请换一个模型，或告知服务的管理者。"],
  ModelUnknownError: ["没有这个名称的模型", "请在“模型”页面查看有哪些模型。"],
  ModelDamagedError: ["模型文件缺失，或与目录中的不一致", "请重新获取这个模型。"],
  ModelMissingError: ["尚未安装所需的模型", "请在“模型”页面获取，或换一个模型。"],
  ModelUnfitError: ["模型文件与它应有的结构不符", "请获取正确的文件，或换一个模型。"],
  ModelUnsafeError: ["这种模型文件不安全，不会加载", "请从可信的来源获取 ONNX 文件。"],
  LicenceError: ["许可条款不允许使用这个模型", "请换一个允许此用途的模型。"],
  CatalogueError: ["模型目录中有一项有误", OPERATOR],
  DownloadError: ["未能获取模型", "请稍后重试；无法联网时可从离线包导入。"],
  ModelUntrustedError: ["模型文件未经确认，不会使用", "请服务的管理者确认这个文件，或重新获取。"],
  ProviderError: ["所选的运算设备不存在或出错", "请选择其他运算设备，或选“自动”。"],
  ProcessorError: ["处理器无法使用", "请去掉这个处理步骤，或告知服务的管理者。"],
  ProcessorUnknownError: ["没有安装这个处理器", "请去掉这个处理步骤，或请服务的管理者安装。"],
  HookError: ["附加的处理程序没有返回画面", OPERATOR],

  TrustError: ["规则不允许，或信任机制出错", "请查看原文；如不清楚，请联系服务的管理者。"],
  AcknowledgementError: ["请先确认使用条款", "请服务的管理者确认一次。"],
  PolicyError: ["本处规则不允许此操作", "请修改原文中指出的内容；如确有需要，请联系服务的管理者。"],
  PolicyFixedError: ["当前的策略不能在这里更改", "它已签名，或由服务的管理者在别处设置，请联系管理者。"],
  ConsentMissingError: ["使用这张面孔需要本人同意", "请登记本人的同意书后重试。"],
  ConsentRevokedError: ["这张面孔的同意书已被撤销", "请使用其他面孔。"],
  ConsentScopeError: ["同意书不包含此用途", "请在同意书的范围内使用，或请本人签署涵盖此用途的同意书。"],
  ConsentRecordError: ["同意书或名单中的记录损坏、伪造，或不存在", "请检查文件和编号，必要时重新登记。"],
  ContentRefusedError: ["此内容不予处理", "请选择其他照片或视频，或去掉原文所指的片段。"],
  ContentUncheckedError: ["无法检查内容，未经检查的不予处理", AGAIN],
  FaceBlockedError: ["这张面孔在禁用名单上", "请使用其他面孔；如有误，请服务的管理者核查。"],
  DisclosureError: ["结果无法带上必需的标记", "请为结果选择其他格式，例如 MP4 或 PNG。"],
  SigningError: ["证书或密钥无法签名，或不受信任", OPERATOR],
  AuditError: ["无法写入审计日志，没有记录就不会给出结果", "请稍后重试；如仍然如此，请告知服务的管理者。"],
  AuditBrokenError: ["审计日志在写入后被改动过", "请保持一切原样，并告知服务的管理者。"],
  UnmarkedError: ["文件中没有本服务的标记", "请检验原始文件，而不是截屏或转发的副本。"],
  MarkBrokenError: ["文件中的标记无效", "请勿信任此文件，并索取原始文件。"],
  SecretError: ["服务的密钥缺失、损坏，或他人可以读取", OPERATOR],

  JobError: ["任务出现问题", AGAIN],
  JobUnknownError: ["没有这个任务", "它可能已被删除，请在“任务”页面查看。"],
  JobStateError: ["任务目前的状态不允许此操作", "请刷新页面，查看任务现在的状态。"],
  JobQuotaError: ["已达到任务数量或存储空间的上限", "请等待任务完成，或删除旧结果；需要更多请联系服务的管理者。"],
  LeaseLostError: ["这项工作已由别处接手，或不再需要", "无需处理；任务会照常进行。"],
  JobsUnavailableError: ["暂时无法访问任务数据库或消息队列", AGAIN],
  SegmentError: ["任务的一个分段已损坏或不匹配", "请重试此任务；如仍然如此，请告知服务的管理者。"],
  OnlyWholeError: ["此任务不能分段处理", "它会整体处理，无需操作。"],
  StorageError: ["存储中的文件无法使用", AGAIN],
  StorageAddressError: ["存储地址有误，或不允许使用", "请检查地址，或联系服务的管理者。"],
  StorageUnavailableError: ["暂时无法访问存储", AGAIN],
  StorageDamagedError: ["存储中的文件已损坏", "请重新上传或重新制作；如再次出现，请告知服务的管理者。"],
  StorageMissingError: ["存储中没有这个文件", "它可能已过期，请重新上传或重新制作。"],
  WorkerLostError: ["执行任务的程序一再失去联系", "请重试；如再次出现，请告知服务的管理者。"],
  StalledError: ["任务长时间没有进展", "请重试；如再次出现，请告知服务的管理者。"],
  MemoryError: ["内存不足", "请使用更小的图片或视频。"],

  AccessError: ["请求未被接受", "请刷新页面后重试。"],
  AuthenticationError: ["未登录，或登录已失效", "请重新登录；使用密钥的请检查密钥。"],
  ReviewFirstError: ["这类结果须先由另一位人员审核，之前不能显示", "请直接开始任务，批准后即可获得结果。"],
  NotAllowedError: ["您没有权限，或此处不允许这样做", "原因见原文；需要更多权限请联系服务的管理者。"],
  TooManyRequestsError: ["请求过于频繁", AGAIN],
  TooLargeError: ["发送的内容过大", "请缩小后重试，或分段上传。"],
  RequestRefusedError: ["请求的形式不被接受", "请刷新页面后重试；如仍然如此，请告知服务的管理者。"],
  SlowRequestError: ["发送的内容没有及时到达", "请检查网络后重试。"],
  AccessUnavailableError: ["暂时无法确认访问权限", AGAIN],
  KeyUnknownError: ["没有这个密钥", "它可能已被收回，请刷新列表。"],
  AccountError: ["无法这样建立或更改用户", "用户名可能已被使用，或组织会因此没有管理员。"],
  PasswordError: ["新密码不符合要求", "请换一个更长、不易猜到的密码。"],

  RequestError: ["无法回应这个请求", MENDED],
  RequestInvalidError: ["填写的内容不符合要求", MENDED],
  ResourceUnknownError: ["找不到所要的内容", "它可能已被删除，请刷新页面。"],
  IdempotencyError: ["同一个请求编号已用于另一个请求", "请刷新页面后重试。"],
  RequestBusyError: ["同样的请求正在处理中", AGAIN],
  PreconditionError: ["内容在此期间已被他人更改", "请刷新页面，查看现在的内容后再试。"],
  UploadError: ["上传无法继续", "请重新上传文件。"],
  UploadDamagedError: ["收到的内容与发送的不一致", "请重新上传文件。"],
  UploadExpiredError: ["上传的文件已过期", "请重新上传文件。"],
  MediaTypeError: ["这里不接受这种类型的内容", "请选择其他格式的文件。"],
  ProtocolVersionError: ["上传协议的版本不符", "请刷新页面后重新上传。"],
  OverloadedError: ["服务目前过于繁忙", AGAIN],
  SupersededError: ["已有更新的请求取代了这一个", "无需处理。"],

  WebhookAddressError: ["通知地址有误，或不允许发送到那里", "请检查地址。"],
  TriggerRuleError: ["触发规则有误，或会被自己的结果触发", "请按原文修改规则。"],
  TriggerEventError: ["收到的事件无法识别", "请检查发送方的设置。"],
  WebhookSignatureError: ["消息的签名无效、内容被改动，或已过时", "请检查密钥和双方的时钟。"],
  ServiceError: ["服务的回应有误", AGAIN],
  ServiceUnreachableError: ["无法连接服务，或连接中断", "请检查网络后重试；操作是否已完成尚不清楚。"],
  ServiceAnswerError: ["服务的回应无法识别", "请稍后重试；如仍然如此，请告知服务的管理者。"],
  InternalError: ["服务内部出错", "请稍后重试；如仍然如此，请告知服务的管理者，其日志中有原因。"],

  // Answers of HTTP that are no errors of FaceFusion.
  BadRequestError: ["请求有误", "请刷新页面后重试。"],
  NotFoundError: ["这里没有您要找的内容", "地址可能有误，或内容已被删除。"],
  MethodNotAllowedError: ["此处不能进行这种操作", "请刷新页面后重试。"],
};

/** What is said of an error that is not among them, by its HTTP status. */
export const UNLISTED: { readonly ours: Words; readonly theirs: Words } = {
  ours: ["服务出现问题", "请稍后重试；如仍然如此，请告知服务的管理者。"],
  theirs: ["未能完成此操作", MENDED],
};
