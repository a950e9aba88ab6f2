/** How people are asked before something is lost, wherever the views are shown. */

export type Chosen = 'done' | 'harmless' | 'cancelled';

export interface Asking {
  /** Whether somebody agreed. */
  agreed(title: string, body: string, verb: string): Promise<boolean>;
  /** What somebody chose: the verb, the harmless way if there is one, or nothing. */
  chosen(title: string, body: string, verb: string, harmless?: string): Promise<Chosen>;
}
