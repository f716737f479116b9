"""Prints what TensorBoard reads from a folder of event files, as JSON: {"scalars": {tag: [[step, value], ...]}, "texts": {tag: text}}. Usage: read_events.py FOLDER"""
import json, math, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

events = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0, 'tensors': 0}).Reload()
tags = events.Tags()
number = lambda x: x if math.isfinite(x) else None
text = lambda tag: tensor_util.make_ndarray(events.Tensors(tag)[0].tensor_proto)[0].decode()
json.dump({'scalars': {tag: [[e.step, number(e.value)] for e in events.Scalars(tag)] for tag in tags['scalars']},
           'texts': {tag: text(tag) for tag in tags['tensors'] if events.SummaryMetadata(tag).plugin_data.plugin_name == 'text'}}, sys.stdout)
