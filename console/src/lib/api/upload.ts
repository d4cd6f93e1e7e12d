/** Files go to the service in parts, and on after a break (tus 1.0). */

import { Upload } from "tus-js-client";
import { headersFor } from "./client";
import { Problem } from "./problem";

const PART = 16 * 1024 * 1024;

export interface Sending {
  /** The upload's identifier, once all of it is there; rejects with a `Problem`. */
  done: Promise<string>;
  stop: () => void;
}

/** Send a file; `told` hears the share that is there, from 0 to 1. A file that was begun before goes on. */
export function send(file: File, told: (share: number) => void = () => undefined): Sending {
  let upload: Upload | undefined;
  const done = new Promise<string>((resolve, reject) => {
    upload = new Upload(file, {
      endpoint: "/v1/uploads",
      chunkSize: PART,
      retryDelays: [0, 1000, 3000, 5000, 10_000, 20_000],
      metadata: { filename: file.name },
      removeFingerprintOnSuccess: true,
      onBeforeRequest: (request) => {
        for (const [name, value] of Object.entries(headersFor(request.getMethod()))) request.setHeader(name, value);
      },
      onProgress: (sent, total) => told(total ? sent / total : 1),
      onSuccess: () => resolve(upload?.url?.split("/").at(-1) ?? ""),
      onError: (error) => {
        const answer = "originalResponse" in error ? error.originalResponse : null;
        if (!answer) return reject(Problem.offline());
        try {
          reject(new Problem(answer.getStatus(), JSON.parse(answer.getBody()) as Record<string, unknown>));
        } catch {
          reject(new Problem(answer.getStatus(), {}));
        }
      },
    });
    void upload.findPreviousUploads().then((before) => {
      if (before[0]) upload?.resumeFromPreviousUpload(before[0]);
      upload?.start();
    });
  });
  return { done, stop: () => void upload?.abort() };
}
