/**
 * Requests under way in one node, bounded. A tenant may have as many as are left free by all: one alone gets half, two a third each, and
 * none can take the last place of another (G10).
 */
import { SkepError } from '@skep/kernel';

export class Traffic {
  private total = 0;
  private readonly byTenant = new Map<string, number>();

  constructor(private readonly requestsMax: number) {}

  get underWay(): number {
    return this.total;
  }

  /** Returns what ends the request. @throws SkepError `overloaded` */
  enter(tenant: string): () => void {
    const own = this.byTenant.get(tenant) ?? 0;
    if (own >= this.requestsMax - this.total) {
      throw new SkepError('overloaded', { message: `${own} requests of this tenant are under way in this node`, id: tenant });
    }
    this.total += 1;
    this.byTenant.set(tenant, own + 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.leave(tenant);
    };
  }

  private leave(tenant: string): void {
    this.total -= 1;
    const own = (this.byTenant.get(tenant) ?? 0) - 1;
    if (own > 0) this.byTenant.set(tenant, own);
    else this.byTenant.delete(tenant);
  }
}
