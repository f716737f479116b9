import 'uplot/dist/uPlot.min.css';
import './style.css';
import { connect } from './connect.js';
import type { Point } from './curve.js';
import { type Lane, lanes, type Told } from './messages.js';
import { createView } from './view.js';

/** `?steps=100` is the length of the runs, `?thread=page` trains in the page's own thread. */
const search = new URLSearchParams(location.search);
const total = Math.max(1, Math.min(2000, Number(search.get('steps')) || 300));

const curves: Record<Lane, Point[]> = { dropping: [], dense: [] };
let training: Lane | undefined;
let isOpen = false;
/** The run that begins once the one in progress has stopped. */
let next: Lane | undefined;

const view = createView(total);
const selected = (): Lane => (view.dropping.checked ? 'dropping' : 'dense');
const nameOf = (lane: Lane): string => (lane === 'dropping' ? 'with layer dropping' : 'without layer dropping');

function hear(told: Told): void {
  switch (told.type) {
    case 'opened':
      for (const lane of lanes) curves[lane] = [...told.curves[lane]];
      isOpen = true;
      view.about(`${told.about}; ${told.engine}; 6 blocks of width 128, 8 rows of 32 tokens a step.`, told.unigram);
      view.say(lanes.some((lane) => curves[lane].length > 0) ? 'Ready: what you trained before is still here' : 'Ready');
      break;
    case 'begun':
      curves[told.lane] = [...told.curve];
      view.say(`Training ${nameOf(told.lane)}${told.curve.length > 0 ? `, from step ${told.curve.length} on` : ''}`);
      break;
    case 'step':
      curves[told.lane].push(told.point);
      break;
    case 'saved':
      break;
    case 'ended':
      training = undefined;
      view.say(told.steps === total ? `Done ${nameOf(told.lane)}` : `Stopped after step ${told.steps}; it is saved, also for when you come back`);
      if (next) begin(next);
      break;
    case 'forgotten':
      curves[told.lane] = [];
      view.say(`Forgotten: the run ${nameOf(told.lane)}`);
      break;
    case 'failed':
      training = undefined;
      view.fail(told.message);
      break;
  }
  show();
}

const ask = connect(search.get('thread') === 'page' ? 'page' : 'worker', hear);

function begin(lane: Lane): void {
  next = undefined;
  if (curves[lane].length >= total) return;
  training = lane;
  ask({ type: 'train', lane });
}

const show = (): void => view.show({ curves, selected: selected(), training, isOpen });

view.go.addEventListener('click', () => {
  if (training) ask({ type: 'stop' });
  else begin(selected());
  show();
});
view.forget.addEventListener('click', () => ask({ type: 'forget', lane: selected() }));
view.dropping.addEventListener('change', () => {
  if (training) {
    next = selected();
    ask({ type: 'stop' });
  }
  show();
});

show();
ask({ type: 'open', steps: total });
