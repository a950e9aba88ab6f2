/** What the server answers when it does not do what it was asked. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly reason = '',
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** Whether the part of Jupyter that answers us is not there. */
  get isMissing(): boolean {
    return this.status === 404;
  }

  /** Whether asking again changes nothing before somebody does something. */
  get isFinal(): boolean {
    return this.status === 401 || this.status === 403 || this.status === 404;
  }
}
