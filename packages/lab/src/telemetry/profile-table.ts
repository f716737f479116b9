import { type Profile, profileTable } from '@hookline/core/node';
import type { ReportTable } from '../report/index.js';

/** A profile as a report's table. */
export function profileReport(profile: Profile): ReportTable {
  const { steps, seconds } = profile;
  return {
    title: 'Where the time went',
    ...profileTable(profile),
    caption: `${steps} steps and all around them, ${seconds.toFixed(1)} s. Hooks see each block's forward pass, and the backward pass of all blocks together with the head. On an engine that computes later than it is asked, time stands where somebody waits for it.`,
  };
}
