import { engineAt } from "./client.ts";
import { type EngineImage, engineImages } from "./images.ts";

/** What the program wants to know of an engine. */
export interface EngineLook {
  readonly images: readonly EngineImage[];
  /** Processors that containers may use; 0 where the engine does not answer. */
  readonly cores: number;
  /** Memory that containers may use, in bytes; 0 where the engine does not answer. */
  readonly memoryBytes: number;
}

/** Looks at the engine at a host. One that does not answer has nothing, which whoever works with it will tell. */
export async function lookAtEngine(dockerHost: string): Promise<EngineLook> {
  try {
    const engine = engineAt(dockerHost);
    const [images, info] = await Promise.all([engine.listImages(), engine.info()]);
    return { images: engineImages(images), cores: info.NCPU, memoryBytes: info.MemTotal };
  } catch {
    return { images: [], cores: 0, memoryBytes: 0 };
  }
}
