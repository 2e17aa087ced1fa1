// Why a request brought nothing: the server's own sentence, or ours where there was no server.

export interface FieldFault {
  parameter: string;
  reason: string;
}

export class Fault extends Error {
  constructor(
    message: string,
    readonly status = 0,
    readonly reason = "unreachable",
    readonly requestId: string | null = null,
    readonly fields: FieldFault[] = [],
    readonly retryAfterS?: number,
  ) {
    super(message);
  }

  get isSignedOut(): boolean {
    return this.status === 401 && this.reason === "no_session";
  }
}

// What the server says about a field of a form, by its parameter's name.
export function fieldFault(fault: Fault | undefined, parameter: string): string | undefined {
  const found = fault?.fields.find((field) => field.parameter === parameter);
  return found && `${found.reason[0]?.toUpperCase()}${found.reason.slice(1)}.`.replace(/\.\.$/, ".");
}
