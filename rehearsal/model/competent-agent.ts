import { type Reply, startCohereMock } from "./cohere-mock.ts";

/** A feature as its description asks for it. */
interface Feature {
  readonly number: string;
  /** What its command shall print. */
  readonly answer: string;
}

interface Message {
  readonly role: string;
  readonly content?: unknown;
}

/**
 * A model that does the stand-ins' tasks as a competent one would, by the prompts of CooperBench's default agent: it
 * looks, or tells its colleague what it takes and waits for an answer, then it edits, commits, opens its pull request,
 * and submits. It does the features that its prompt asks for, and no other.
 *
 * @param meetingOf what is waited for by an agent that has a colleague, before its first answer, by what their pair is of.
 *   Default: each pair has a meeting of its own.
 */
export function competentAgent(meetingOf: (pair: string) => () => Promise<void> = eachItsOwn()): Reply {
  return async ({ messages }) => {
    const said = messages as readonly Message[];
    const prompt = textOf(said.find(({ role }) => role === "user"));
    const steps = said.filter(({ role }) => role === "assistant").length;
    const [, colleague] = /Your colleague is (\w+)\./.exec(prompt) ?? [];
    const features = [...prompt.matchAll(/`sh commands\.sh feature(\d+)` shall print `([^`]+)`/g)].map(
      ([, number = "", answer = ""]): Feature => ({ number, answer }),
    );
    // Colleagues write other features of the same task.
    const pair = (features[0]?.answer ?? "").replace(/\d+/, "");
    if (steps === 0 && colleague !== undefined) await meetingOf(pair)();
    const commands = [look(features, colleague), work(features), "git branch -r", submit];
    return { plan: "I do what is next.", command: commands[steps] ?? submit };
  };
}

const submit = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT";

function look(features: readonly Feature[], colleague: string | undefined): string {
  if (colleague === undefined) return "cat commands.sh";
  return `send_message --wait ${colleague} <<'MSG'\nI write feature${features.map(({ number }) => number)} alone.\nMSG`;
}

function work(features: readonly Feature[]): string {
  const numbers = features.map(({ number }) => number).join(" and ");
  return [
    "set -e",
    "git fetch -q",
    ...features.map(edit),
    ...features.map(({ number }) => `sh commands.sh feature${number}`),
    `git commit -q -a -m 'Write feature ${numbers}'`,
    "git push -q",
    `gh pr create --title 'Feature ${numbers}' --body 'As asked.'`,
  ].join("\n");
}

/** Writes a feature's function, whose two lines say that it is not written, and fail. */
function edit({ number, answer }: Feature): string {
  const print = `s/echo '${answer} is not written' >&2/echo '${answer}'/`;
  const succeed = `/^feature${number}() {/,/^}/{/return 1/d;}`;
  return `sed -i -e "${print}" -e '${succeed}' commands.sh`;
}

/** A message's text, which is a string or a list of parts. */
function textOf(message: Message | undefined): string {
  const content = message?.content;
  if (!Array.isArray(content)) return String(content ?? "");
  return content.map((part) => (part as { text?: string }).text ?? "").join("");
}

/**
 * Two agents that cooperate meet here: each waits for the other, so that none speaks to one that is not there yet.
 *
 * @param then is done before they go on. Default: nothing.
 */
export function meeting(then: () => Promise<unknown> = async () => {}): () => Promise<void> {
  let waiting: (() => void)[] = [];
  return async () => {
    if (waiting.length === 0) return new Promise((resolve) => waiting.push(resolve));
    const [goOn] = waiting;
    waiting = [];
    await then();
    goOn?.();
  };
}

function eachItsOwn(): (pair: string) => () => Promise<void> {
  const meetings = new Map<string, () => Promise<void>>();
  return (pair) => {
    const there = meetings.get(pair) ?? meeting();
    meetings.set(pair, there);
    return there;
  };
}

// Started by hand, it serves whoever asks, and says where.
if (import.meta.main) console.log((await startCohereMock(competentAgent())).modelApiBase);
