/**
 * The constructors that make up a pickled table, under their present names. Everything else that a pickle may name is
 * refused, and these too are never run: see `Built`. Renamed modules of numpy 2 and Python 2 map to one name.
 */
const allowed = new Set([
  'pandas.core.frame DataFrame',
  'pandas.core.internals.managers BlockManager',
  'pandas.core.internals.blocks new_block',
  'pandas._libs.internals _unpickle_block',
  'pandas._libs.internals BlockPlacement',
  'pandas.core.indexes.base _new_Index',
  'pandas.core.indexes.base Index',
  'pandas.core.indexes.range RangeIndex',
  'pandas.core.indexes.numeric Int64Index',
  'pandas.core.indexes.numeric UInt64Index',
  'pandas.core.indexes.numeric Float64Index',
  'pandas.core.indexes.datetimes _new_DatetimeIndex',
  'pandas.core.indexes.datetimes DatetimeIndex',
  'pandas.core.indexes.multi MultiIndex',
  'pandas.core.arrays.datetimes DatetimeArray',
  'pandas.core.arrays.categorical Categorical',
  'pandas.core.dtypes.dtypes CategoricalDtype',
  'pandas.core.arrays.string_ StringArray',
  'pandas.core.arrays.string_ StringDtype',
  'pandas.core.arrays.integer IntegerArray',
  'pandas.core.arrays.integer Int64Dtype',
  'pandas.core.arrays.floating FloatingArray',
  'pandas.core.arrays.floating Float64Dtype',
  'pandas.core.arrays.boolean BooleanArray',
  'pandas.core.arrays.boolean BooleanDtype',
  'pandas._libs.arrays __pyx_unpickle_NDArrayBacked',
  'pandas._libs.missing NA',
  'pandas._libs.tslibs.nattype _nat_unpickle',
  'numpy ndarray',
  'numpy dtype',
  'numpy.core.multiarray _reconstruct',
  'numpy.core.multiarray scalar',
  'numpy.core.numeric _frombuffer',
  'builtins slice',
  'builtins bytearray',
  'builtins bytes',
  'builtins object',
  'copyreg _reconstructor',
  'builtins list',
  'builtins dict',
  'builtins set',
  'collections OrderedDict',
  'functools partial',
  '_codecs encode',
]);

const renamed: Readonly<Record<string, string>> = {
  __builtin__: 'builtins',
  copy_reg: 'copyreg',
  'numpy._core.multiarray': 'numpy.core.multiarray',
  'numpy._core.numeric': 'numpy.core.numeric',
  'pandas.core.internals': 'pandas.core.internals.managers',
  'pandas.indexes.base': 'pandas.core.indexes.base',
  'pandas.indexes.range': 'pandas.core.indexes.range',
  'pandas.indexes.numeric': 'pandas.core.indexes.numeric',
};

/** The name under which the constructor is known here; null where it may not be named. */
export function allowedName(module: string, name: string): string | null {
  const known = `${Object.hasOwn(renamed, module) ? renamed[module] : module} ${name}`;
  return allowed.has(known) ? known : null;
}
