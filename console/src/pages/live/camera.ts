/** The camera of this browser. */

export type CameraTrouble = "denied" | "absent" | "taken" | "insecure" | "gone";

export class CameraError extends Error {
  constructor(readonly trouble: CameraTrouble) {
    super(trouble);
  }
}

const TROUBLES: Record<string, CameraTrouble> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "absent",
  OverconstrainedError: "absent",
  NotReadableError: "taken",
  AbortError: "taken",
};

/**
 * Open a camera.
 *
 * @param device which; the usual one where empty.
 * @throws CameraError it cannot be opened.
 */
export async function openCamera(device: string, width: number, height: number): Promise<MediaStream> {
  // What the types do not say: pages that are not secure have no such thing.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new CameraError("insecure");
  const wanted = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 30 } };
  try {
    return await devices.getUserMedia({
      video: { ...wanted, ...(device ? { deviceId: { exact: device } } : {}) },
      audio: false,
    });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new CameraError(TROUBLES[name] ?? "taken");
  }
}

/** The cameras there are; browsers tell their names only once one may be used. */
export async function cameras(): Promise<MediaDeviceInfo[]> {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  const all = (await devices?.enumerateDevices()) ?? [];
  return all.filter((each) => each.kind === "videoinput" && each.deviceId);
}
