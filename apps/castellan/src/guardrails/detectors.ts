import type { Detector } from './detector.ts'
import { exfiltrationDetector } from './exfiltration/detector.ts'
import { injectionDetector } from './injection/injection.ts'
import { piiDetector } from './pii/pii-detector.ts'
import { secretsDetector } from './secrets/detector.ts'
import { toxicityDetector } from './toxicity/index.ts'

/** All detectors of the house, in the order in which they look. */
export function detectors(): readonly Detector[] {
  return [piiDetector, secretsDetector, exfiltrationDetector, injectionDetector, toxicityDetector()]
}
