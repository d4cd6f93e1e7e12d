/** What the service says when something goes wrong (RFC 9457). */

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  hint?: string;
  code?: number;
  errors?: { field?: string; message?: string }[];
}

export class Problem extends Error {
  readonly status: number;
  /** Name of the error, such as `NoFaceError`; `offline` where no answer came. */
  readonly kind: string;
  readonly hint: string;
  readonly body: ProblemBody & Record<string, unknown>;
  /** Whether its words are those of a page, in the language that is chosen. */
  readonly isTold: boolean;

  constructor(status: number, body: ProblemBody & Record<string, unknown>, isTold = false) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
    this.status = status;
    this.kind = body.type?.split(":").at(-1) ?? "unknown";
    this.hint = body.hint ?? "";
    this.body = body;
    this.isTold = isTold;
  }

  static offline(): Problem {
    return new Problem(0, { type: "offline" });
  }

  /** The error of a job or an operation that failed. */
  static ofWork(error: { type: string; what: string; hint: string }): Problem {
    return new Problem(0, { type: error.type, detail: error.what, hint: error.hint });
  }

  static async of(answer: Response): Promise<Problem> {
    const text = await answer.text().catch(() => "");
    try {
      return new Problem(answer.status, JSON.parse(text) as ProblemBody & Record<string, unknown>);
    } catch {
      return new Problem(answer.status, {});
    }
  }
}

export const asProblem = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : error instanceof TypeError
      ? Problem.offline()
      : new Problem(0, { detail: String(error) });
