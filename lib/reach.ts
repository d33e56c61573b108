/** Asks an address of the web for its head. Gives what keeps it from being reached; undefined where nothing does. */
export async function unreachable(url: string, limitMs: number): Promise<string | undefined> {
  try {
    const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(limitMs) });
    return response.ok ? undefined : `HTTP ${response.status}`;
  } catch (error) {
    return ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message;
  }
}
