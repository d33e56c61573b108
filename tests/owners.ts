import type { Owner } from "../provision/ownership/owner.ts";

/** Two stacks with ids of their own. */
export const lab1: Owner = { stack: "lab-1", id: "11111111-1111-4111-8111-111111111111" };
export const lab2: Owner = { stack: "lab-2", id: "22222222-2222-4222-8222-222222222222" };
