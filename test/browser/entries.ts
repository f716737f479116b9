/** What runs in a browser, all of each entry: bundled by the test, and called from there. */
import * as bert from '@hookline/bert';
import * as core from '@hookline/core';
import * as browser from '@hookline/core/browser';
import * as testing from '@hookline/core/testing';
import * as glue from '@hookline/glue';
import * as pld from '@hookline/pld-plugin';
import * as tfjs from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { trainMlp } from './train-mlp.js';

const entries = { bert, core, browser, testing, glue, pld, tfjs, tf, trainMlp };
export type Entries = typeof entries;
Object.assign(globalThis, { hookline: entries });
