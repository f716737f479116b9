/** The trainer in a thread of its own: a step takes as long as it takes, and the page stays smooth. */
import { createSession } from './session.js';

const answer = createSession(new URL('./', import.meta.url).href, (told) => postMessage(told));
addEventListener('message', ({ data }) => answer(data));
