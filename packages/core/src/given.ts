/** An object whose keys hold a value wherever they are there: a key that could be undefined is optional instead. */
export type Given<O extends object> = { [K in keyof O as undefined extends O[K] ? never : K]: O[K] } & {
  [K in keyof O as undefined extends O[K] ? K : never]?: Exclude<O[K], undefined>;
};

/** A copy without the keys whose value is undefined, as functions with exact optional options want it. */
export const given = <O extends object>(object: O): Given<O> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Given<O>;
