/**
 * The commit that the source repository has on every machine. It changes with the sdist, the manifest
 * and the dataset's texts, and settings may pin it.
 */
export const SOURCE_COMMIT = "b7dbd2c9511b1c56581461c2d6ba22af564c9dfd";
