/** A platform as it is written: OS/ARCH, or OS/ARCH/VARIANT. */
export function platformName({
  os,
  architecture,
  variant = "",
}: {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}): string {
  return variant === "" ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}
