/**
 * tfjs-core alone registers no gradients, and in Node its module that does (`dist/register_all_gradients`) cannot be imported.
 * tfjs-layers brings that very module, as a side effect of its import, wherever it runs: so `tf.grad` works for users' own code too.
 */
import '@tensorflow/tfjs-layers';
