/** The name of a run of the demo. */
export const demoRun = (setting: "solo" | "coop") => `machine-demo-${setting}`;

/** Names of such runs, whose model is a mock. */
export const demoRunName = /^machine-demo-(solo|coop)$/;
