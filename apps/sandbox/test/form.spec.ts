import { decodeForm } from '../src/adapters/http/form';

describe('a form is read as the provider reads it', () => {
  it.each<[string, unknown]>([
    ['amount=1&currency=usd', { amount: '1', currency: 'usd' }],
    ['metadata[order_id]=ord%201&metadata[a%5Db]=', null],
    ['metadata[order_id]=ord+1', { metadata: { order_id: 'ord 1' } }],
    ['expand[]=a&expand[]=b', { expand: ['a', 'b'] }],
    ['expand[0]=a.b&expand[1]=c', { expand: ['a.b', 'c'] }],
    ['capabilities[transfers][requested]=true', { capabilities: { transfers: { requested: 'true' } } }],
    ['items[0][price]=1&items[1][price]=2', { items: [{ price: '1' }, { price: '2' }] }],
    ['__proto__[admin]=1', null],
    ['a[constructor]=1', null],
    ['a=1&a[b]=2', null],
    ['a[b]=1&a=2', null],
    ['a[b][c][d][e][f][g]=1', null],
    ['a[=1', null],
    ['', {}],
  ])('%s', (text, expected) => {
    if (expected === null) expect(() => decodeForm(text)).toThrow(/[Ii]nvalid parameter/);
    else expect(decodeForm(text)).toEqual(expected);
  });
});
