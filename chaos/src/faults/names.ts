/** The nodes of every round. */
export const NODE_NAMES = ['n1', 'n2', 'n3'] as const;
