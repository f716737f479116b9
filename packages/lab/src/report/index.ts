export { renderReport } from './page.js';
export { renderPicture } from './picture.js';
export type { CurvePoint, EvaluationPoint, Headline, LossAxis, ReferenceLine, Report, ReportFigure, ReportTable, ReportVariant, StepParts } from './types.js';
