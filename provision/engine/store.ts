/** Of an engine's `GET /info`, what tells how it keeps images. */
export interface StoreAccount {
  readonly DriverStatus?: readonly (readonly string[])[] | null;
}

/** Whether an engine keeps its images with containerd, as new installations of Docker 29 do. */
export function usesContainerd({ DriverStatus }: StoreAccount): boolean {
  return (
    DriverStatus?.some(
      ([name, value]) => name === "driver-type" && value?.startsWith("io.containerd.snapshotter"),
    ) ?? false
  );
}
