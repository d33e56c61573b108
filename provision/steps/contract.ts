/**
 * What each step is asked, and what it answers. The components ask, `provision/main.ts` answers, the tests' mock imitates:
 * all by these types. A request is one JSON in a variable of the step, its secret another on standard input; the
 * answer is one line of JSON on standard output.
 */
import type { LockedImage } from "../../benchmark/images-lock.ts";
import type { Variables } from "../../benchmark/model.ts";
import type { SubsetTask } from "../../benchmark/smoke-subset.ts";
import type { Subset } from "../../benchmark/tasks.ts";
import type { Fault } from "../../lib/remedy.ts";
import type { ServiceName } from "../engine/service-records.ts";
import type { UseWish } from "../engine/service-use.ts";
import type { Owner } from "../ownership/owner.ts";
import type { CheckoutResult } from "./checkout.ts";
import type { DotenvResult } from "./dotenv.ts";
import type { GitImageResult } from "./git-image.ts";
import type { GitResult } from "./git-server.ts";
import type { OracleResult } from "./oracle.ts";
import type { ProbeResult } from "./probe.ts";
import type { RedisResult } from "./redis.ts";
import type { RouteResult } from "./route.ts";
import type { VenvResult } from "./venv.ts";
import type { VerificationResult } from "./verification.ts";

/** Name of that variable: one that no shell has by chance. */
export const requestVariable = "COOPERBENCH_MACHINE_REQUEST";

/** Name of the variable that says what was found wrong (provision/repair.ts). States have it, so it stays. */
export const findingVariable = "FINDING";

/** What of a removable thing's result says which resource holds it (provision/ownership/holder.ts). */
interface Held {
  readonly holder: string;
}

/** Something on an engine. */
interface OnEngine {
  /** Docker engine, as in DOCKER_HOST. */
  readonly dockerHost: string;
}

/** Something in a checkout. */
interface InCheckout {
  /** Absolute folder of the checkout. */
  readonly folder: string;
}

/** How much a proof by probe or oracle says: raised where one looks at more, so that what it said before is asked again. */
export const proofRevisions = { probe: 2, oracle: 3 } as const;

/** What the containers of a probe or an oracle are called, and how long they may take. */
interface InContainer extends OnEngine {
  /** Of what it is to prove: `proofRevisions`. */
  readonly revision: number;
  /** Image reference, `repository:tag`. */
  readonly image: string;
  /** What the containers' names begin with. */
  readonly container: string;
  /** Time limit of each container, in seconds. */
  readonly timeoutSeconds: number;
}

/** The steps, by name. */
export interface Steps {
  readonly checkout: {
    readonly request: InCheckout & {
      readonly repository: string;
      /** Commit, 40 hex digits. Default: that of `version`. */
      readonly commit?: string | undefined;
      /** Version of CooperBench, such as 0.0.29. Default: what the stack has, and else the newest that is known. */
      readonly version?: string | undefined;
      /** Commit that the user has a checkout of theirs at, where that is another: the step looks again where it changes. */
      readonly leftAt?: string | undefined;
    };
    readonly result: CheckoutResult & Held;
  };
  readonly venv: {
    readonly request: InCheckout & {
      /** Commit that the checkout is at. */
      readonly commit: string;
      readonly pythonVersion: string;
      readonly extras: readonly string[];
    };
    readonly result: VenvResult & Held;
  };
  readonly verification: {
    readonly request: InCheckout & { readonly subset: Subset; readonly tasks: readonly string[] };
    readonly result: VerificationResult;
  };
  readonly dotenv: {
    readonly request: { readonly file: string };
    readonly secret: Variables;
    readonly result: DotenvResult & Held;
  };
  readonly route: {
    readonly request: InCheckout & { readonly modelApiBase: string; readonly model: string };
    readonly secret: { readonly key: string };
    readonly result: RouteResult;
  };
  readonly subset: {
    readonly request: InCheckout & { readonly tasks: readonly SubsetTask[] };
    readonly result: InCheckout & Held;
  };
  readonly "git-image": {
    readonly request: InCheckout & OnEngine & { readonly image: string };
    readonly result: GitImageResult;
  };
  readonly "service-use": {
    readonly request: OnEngine & { readonly service: ServiceName; readonly wish: UseWish };
    readonly result: OnEngine & { readonly service: ServiceName };
  };
  readonly coop: {
    readonly request: InCheckout &
      OnEngine & {
        /** Where Redis answers, as `host:port`. */
        readonly redis: string;
        /** What the name of the git server's client begins with; undefined where there is no git server. */
        readonly gitClient?: string | undefined;
        /** What is in the way, which the step tells: an error of the program would hold the images up, too. */
        readonly conflict?: Fault | undefined;
        /** Ids of things of the services that are older than ids and in the stack's state. */
        readonly adopted?: Readonly<Partial<Record<ServiceName, readonly string[]>>> | undefined;
      };
    readonly result: RedisResult & Partial<GitResult>;
  };
  readonly probe: {
    readonly request: InContainer & {
      /** What the lock says of the image; undefined where it is not locked. */
      readonly locked?: Pick<LockedImage, "digest" | "imageId" | "platform"> | undefined;
      /** Commit that /workspace/repo must be at. */
      readonly baseCommit: string;
    };
    readonly result: ProbeResult;
  };
  readonly oracle: {
    readonly request: InContainer & {
      /** Id of the image, once it has passed its probe; empty where it has not. */
      readonly imageId: string;
      /** Commit whose evaluator it is, which is installed by then. */
      readonly commit: string;
      /** Folder of the task in the dataset. */
      readonly folder: string;
    };
    readonly result: OracleResult;
  };
}

/** Name of a step, as it stands in states for good. */
export type StepName = keyof Steps;

/** What a step does: make a thing that the state does not have, see that it is right, remove it. */
export type Verb = "make" | "ensure" | "remove";

/** What a step is asked. */
export type Request<Name extends StepName> = Steps[Name]["request"] & {
  /** The stack whose thing it is: one that another stack or the user made is used, never removed. */
  readonly owner: Owner;
};

/** What a step answers. It has no secret. */
export type Result<Name extends StepName> = Steps[Name]["result"];

/** What a step is told on its standard input. */
export type Secret<Name extends StepName> = Steps[Name] extends { readonly secret: infer Kept }
  ? Kept
  : undefined;
