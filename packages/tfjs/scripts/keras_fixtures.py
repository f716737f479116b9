"""Writes small residual networks as Keras builds them, from the functions of keras.applications and in the style of its examples, as model.json topologies.

Keras 3 writes the calls of its layers in a layout of its own; the tensorflowjs converter, and so tf.loadLayersModel, keep that of Keras 2: translated here.

usage: KERAS_BACKEND=torch python keras_fixtures.py ../src/layers/fixtures/keras        needs keras 3 and a backend of it
"""
import json
import pathlib
import sys

import keras
from keras import layers
from keras.src.applications import mobilenet_v2, resnet

LEFT_OUT = {"module", "registered_name", "build_config", "dtype", "synchronized", "quantization_config", "sparse", "ragged", "optional", "shared_object_id", "renorm", "autocast"}


def plain(value):
    """A configuration without what Keras 2 did not have."""
    if isinstance(value, dict):
        return {("batch_input_shape" if key == "batch_shape" else key): plain(each) for key, each in value.items() if key not in LEFT_OUT}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def tensors(value):
    """The tensors among a call's arguments: layer, use, output."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        return [value["config"]["keras_history"]]
    if isinstance(value, dict):
        return [found for each in value.values() for found in tensors(each)]
    return [found for each in value for found in tensors(each)] if isinstance(value, (list, tuple)) else []


def ends(value):
    return [value] if value and not isinstance(value[0], (list, tuple)) else value


def translate(entry):
    """A layer or model, with models inside it."""
    config = entry["config"]
    if entry["class_name"] == "Functional":
        # a model's own graph was its first call in Keras 2
        models = {each["name"] for each in config["layers"] if each["class_name"] in ("Functional", "Sequential")}
        inner = [
            {
                "class_name": each["class_name"],
                "config": translate(each)["config"],
                "name": each["name"],
                "inbound_nodes": [[[layer, use + (layer in models), output, {}] for layer, use, output in tensors(node["args"])] for node in each["inbound_nodes"]],
            }
            for each in config["layers"]
        ]
        return {"class_name": "Functional", "config": {"name": config["name"], "layers": inner, "input_layers": ends(config["input_layers"]), "output_layers": [[layer, use + (layer in models), output] for layer, use, output in ends(config["output_layers"])]}}
    if entry["class_name"] == "Sequential":
        return {"class_name": "Sequential", "config": {"name": config["name"], "layers": [translate(each) for each in config["layers"]]}}
    return {"class_name": entry["class_name"], "config": plain(config)}


def resnet_v1():
    stack = lambda x: resnet.stack_residual_blocks_v1(resnet.stack_residual_blocks_v1(x, 2, 2, stride1=1, name="conv2"), 3, 3, name="conv3")
    return resnet.ResNet(stack, False, True, include_top=False, weights=None, input_tensor=layers.Input((12, 12, 3)), pooling="avg", name="resnet_v1", weights_name="none")


def resnet_v2():
    stack = lambda x: resnet.stack_residual_blocks_v2(resnet.stack_residual_blocks_v2(x, 2, 3, name="conv2"), 3, 2, stride1=1, name="conv3")
    return resnet.ResNet(stack, True, True, include_top=False, weights=None, input_tensor=layers.Input((12, 12, 3)), pooling="avg", name="resnet_v2", weights_name="none")


def inverted_residuals():
    inputs = x = layers.Input((8, 8, 8))
    for block, (stride, filters) in enumerate([(1, 8), (2, 16), (1, 16), (1, 16)], start=1):
        x = mobilenet_v2._inverted_res_block(x, 2, stride, 1.0, filters, block)
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x), name="inverted_residuals")


def two_towers():
    """One encoder for two inputs, and a Sequential head: models inside a model, one of them used twice."""
    inputs = x = layers.Input((6,), name="encoder_in")
    for i in range(2):
        f = layers.Dense(12, activation="relu", name=f"up_{i}")(layers.LayerNormalization(name=f"norm_{i}")(x))
        x = layers.Add(name=f"add_{i}")([x, layers.Dropout(0.1, name=f"drop_{i}")(layers.Dense(6, name=f"down_{i}")(f))])
    encoder = keras.Model(inputs, x, name="encoder")
    block_in = layers.Input((12,), name="block_in")
    block = keras.Model(block_in, layers.Add(name="mix_add")([layers.Dense(12, activation="tanh", name="mix")(block_in), block_in]), name="block")
    head = keras.Sequential([layers.Input((12,)), block, layers.Dense(3, activation="softmax", name="classes")], name="head")
    left, right = layers.Input((6,), name="left"), layers.Input((6,), name="right")
    return keras.Model([left, right], head(layers.Concatenate(name="both")([encoder(left), encoder(right)])), name="two_towers")


def sequential():
    """A stack whose middle is a residual network of its own."""
    inputs = x = layers.Input((8, 8, 4), name="body_in")
    for i in range(2):
        f = layers.Conv2D(4, 3, padding="same", activation="relu", name=f"conv_{i}a")(x)
        x = layers.add([x, layers.Conv2D(4, 3, padding="same", name=f"conv_{i}b")(f)], name=f"sum_{i}")
    body = keras.Model(inputs, x, name="body")
    parts = [layers.Input((8, 8, 3)), layers.Conv2D(4, 3, padding="same", name="stem"), body, layers.Flatten(name="flat"), layers.Dense(2, name="classes")]
    return keras.Sequential(parts, name="stack")


out = pathlib.Path(sys.argv[1])
for make in (resnet_v1, resnet_v2, inverted_residuals, two_towers, sequential):
    keras.utils.clear_session()
    model = translate(json.loads(make().to_json()))
    (out / f"{make.__name__}.json").write_text(json.dumps({"format": "layers-model", "generatedBy": f"keras v{keras.__version__}", "modelTopology": {"model_config": model}}, separators=(",", ":")) + "\n")
