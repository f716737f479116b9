import type { BertConfig, PretrainingRecipe } from '@hookline/bert';

/**
 * The field's recipe for fine-tuning: AdamW with bias correction, betas 0.9 and 0.999, epsilon 1e-6, weight decay 0.01 but for biases and LayerNorm, warm-up
 * over 10 % of the run and linear decay, clipping at norm 1. Without bias correction small tasks fail far more often (Zhang et al. 2021, Mosbach et al. 2021).
 *
 * Peak rate by width: 2e-5 from 768 on (Devlin et al. 2019), 5e-5 between, 1e-4 up to 256, as narrow models want higher ones (Turc et al. 2019).
 */
export function fineTuningRecipe({ hiddenSize }: Pick<BertConfig, 'hiddenSize'>): PretrainingRecipe {
  return {
    optimizer: 'adamw',
    learningRate: hiddenSize >= 768 ? 2e-5 : hiddenSize > 256 ? 5e-5 : 1e-4,
    warmup: 0.1,
    betas: [0.9, 0.999],
    epsilon: 1e-6,
    weightDecay: 0.01,
    clipNorm: 1,
  };
}
