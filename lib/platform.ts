/** A platform in its parts, as registries and engines have it. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

/** A platform as it is written: OS/ARCH, or OS/ARCH/VARIANT. */
export function platformName({ os, architecture, variant = "" }: Platform): string {
  return variant === "" ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** Whether two platforms are one: either may leave out the variant, as in linux/arm64/v8. */
export function isSamePlatform(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}
