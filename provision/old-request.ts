import type { Request, StepName, Steps } from "./steps/contract.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The request of a removal, from the variables that states of 05b84e3 to 949dbd7 have in its place. Whatever else a step
 * does, it does for the present program, with a request.
 *
 * @param setting gives a variable, and throws where there is none.
 */
export function oldRequest(
  name: StepName,
  variables: Variables,
  setting: (name: string) => string,
): Request<StepName> {
  const owner = { stack: setting("STACK"), id: variables.STACK_ID || undefined };
  const asked: Partial<{ [Name in StepName]: () => Partial<Steps[Name]["request"]> }> = {
    checkout: () => ({ folder: setting("FOLDER") }),
    venv: () => ({ folder: setting("FOLDER") }),
    dotenv: () => ({ file: setting("FILE") }),
    subset: () => ({ folder: setting("FOLDER"), tasks: JSON.parse(setting("TASKS")) }),
    "service-use": () => ({
      dockerHost: setting("DOCKER_HOST"),
      service: setting("SERVICE") as "redis" | "git",
    }),
  };
  return { owner, ...asked[name]?.() } as Request<StepName>;
}
