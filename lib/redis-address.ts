/** Where a Redis is. */
export interface RedisAddress {
  /** IPv4 address. */
  readonly host: string;
  readonly port: number;
}

/** `host:port`, for what asks: 0.0.0.0 is every address of the machine, this one among them. */
export function addressOf({ host, port }: RedisAddress): string {
  return `${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`;
}
