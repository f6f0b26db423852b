"""A trained `nn.Sequential` as a list of layers that a page can run: `network.mjs` does that."""

from torch import Tensor, nn

from course_utils.widgets.arrays import encode

MOST_PARAMETERS = 500_000  # what a page computes while a pen moves
MOST_IN_A_PAGE = 150_000  # what a saved page carries: 800 kB of text


def pack(model: nn.Sequential) -> dict:
    """Pack a network for the page: {"parameters": how many, "layers": [...]}.

    Each layer is {"kind": PyTorch's name for it, "path": its place, as in "3" or "0.2", "options":
    plain values, "arrays": weights}. What evaluation mode leaves alone (dropout) is an Identity.

    Raises ValueError for what is no nn.Sequential, is too large, holds a layer that the page
    cannot compute (the first one is named), or weights that are not finite.
    """
    if not _is_plain(model):
        raise ValueError(
            f"a network must be an nn.Sequential, got {type(model).__name__};"
            " put its layers into nn.Sequential(...)"
        )
    count = sum(numbers.numel() for numbers in model.parameters())
    if count > MOST_PARAMETERS:
        raise ValueError(
            f"a network must have at most {MOST_PARAMETERS:,} parameters for the page, got"
            f" {count:,}; use a narrower one"
        )
    modules = model.named_modules(remove_duplicate=False)  # one ReLU may stand in two places
    layers = [_layer(path, module) for path, module in modules if not _is_plain(module)]
    early = [layer["path"] for layer in layers[:-1] if layer["kind"] == "Softmax"]
    if early:
        raise ValueError(f"layer {early[0]} (Softmax) must be the last one; take it out")
    return {"parameters": count, "layers": layers}


def _is_plain(module: nn.Module) -> bool:
    """Whether it does nothing but call its layers one after the other."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _layer(path: str, layer: nn.Module) -> dict:
    where = f"layer {path} ({layer})"
    if type(layer) not in KINDS:
        names = ", ".join(kind.__name__ for kind in KINDS)
        raise ValueError(f"{where} cannot be computed in the page; it knows {names}: use those")
    kind, options, arrays = KINDS[type(layer)](layer)
    for name, (got, known) in options.pop("must be", {}).items():
        if got not in known:
            raise ValueError(f"{where} cannot be computed in the page; leave {name} out")
    arrays = {name: values for name, values in arrays.items() if values is not None}
    for name, values in arrays.items():
        if not values.isfinite().all():
            raise ValueError(f"{where} has a {name} that is not finite; train it anew, more slowly")
    packed = {name: encode(values) for name, values in arrays.items()}
    return {"kind": kind, "path": path, "options": options, "arrays": packed}


Packed = tuple[str, dict, dict[str, Tensor | None]]


def _convolution(layer: nn.Conv2d) -> Packed:
    same = [d * (k - 1) / 2 for d, k in zip(layer.dilation, layer.kernel_size, strict=True)]
    padding = {"valid": [0, 0], "same": same}.get(layer.padding, layer.padding)
    whole = [int(side) for side in padding]
    must = {"padding='same' with an even kernel": (list(padding), [whole]),
            "padding_mode": (layer.padding_mode, ["zeros"]),
            "groups": (layer.groups, [1])}  # fmt: skip
    options = {"stride": layer.stride, "dilation": layer.dilation, "padding": whole}
    return "Conv2d", options | {"must be": must}, {"weight": layer.weight, "bias": layer.bias}


def _batch_norm(layer: nn.BatchNorm2d) -> Packed:
    arrays = {"mean": layer.running_mean, "variance": layer.running_var,
              "gamma": layer.weight, "beta": layer.bias}  # fmt: skip
    must = {"track_running_stats=False": (layer.running_mean is None, [False])}
    return "BatchNorm2d", {"eps": layer.eps, "must be": must}, arrays


def _pool(layer: nn.MaxPool2d | nn.AvgPool2d) -> Packed:
    options = {"kernelSize": layer.kernel_size, "stride": layer.stride, "padding": layer.padding,
               "ceilMode": layer.ceil_mode}  # fmt: skip
    ordinary = {"dilation": [1, (1, 1)], "return_indices": [False], "count_include_pad": [True],
                "divisor_override": [None]}  # fmt: skip
    must = {name: (getattr(layer, name, values[0]), values) for name, values in ordinary.items()}
    return type(layer).__name__, options | {"must be": must}, {}


def _global_average(layer: nn.AdaptiveAvgPool2d) -> Packed:
    must = {"an output size other than 1": (layer.output_size, [1, (1, 1)])}
    return "AdaptiveAvgPool2d", {"must be": must}, {}


def _flatten(layer: nn.Flatten) -> Packed:
    must = {"start_dim and end_dim": ((layer.start_dim, layer.end_dim), [(1, -1)])}
    return "Flatten", {"must be": must}, {}


def _linear(layer: nn.Linear) -> Packed:
    return "Linear", {}, {"weight": layer.weight, "bias": layer.bias}


def _softmax(layer: nn.Softmax) -> Packed:
    return "Softmax", {"must be": {"another dim than 1": (layer.dim, [1, -1])}}, {}


def _as_it_is(layer: nn.Module) -> Packed:
    return "ReLU" if isinstance(layer, nn.ReLU) else "Identity", {}, {}


KINDS = {
    nn.Conv2d: _convolution, nn.BatchNorm2d: _batch_norm, nn.ReLU: _as_it_is, nn.MaxPool2d: _pool,
    nn.AvgPool2d: _pool, nn.AdaptiveAvgPool2d: _global_average, nn.Flatten: _flatten,
    nn.Dropout: _as_it_is, nn.Dropout2d: _as_it_is, nn.Linear: _linear, nn.Identity: _as_it_is,
    nn.Softmax: _softmax,
}  # fmt: skip
