/** The name of a checkpoint in its store: `step-00000100`. */
export const checkpointName = (step: number): string => `step-${String(step).padStart(8, '0')}`;

/** Whether a name is that of a checkpoint. */
export const isCheckpointName = (name: string): boolean => /^step-\d{8,}$/.test(name);
