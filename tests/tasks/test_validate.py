"""The validator: what each provider's documents allow passes, and what is just outside does not."""

from __future__ import annotations

from typing import Any

import pytest

from seedance_cli import providers
from seedance_cli.errors import UsageError
from seedance_cli.models import VideoRequest
from seedance_cli.providers import ModelUse
from seedance_cli.tasks import rules, validate

NAMES = providers.names()
MODELS = [
    pytest.param(name, model, id=f"{name}-{model.id}")
    for name in NAMES
    for model in providers.get(name).info.models
]
PRIVATE_HOSTS = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "0177.1",
    "2130706433",
    "0x7f000001",
    "0",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "user:pass@127.0.0.1:8080",
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020\u30020\u30021",
    "[::1]",
    "[::]",
    "[::ffff:10.0.0.1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fd00::1]",
]
BAD_URLS = [
    "",
    "ftp://example.com/a",
    "file:///etc/passwd",
    "data:image/png;base64,AA",
    "https://",
    "https:///a",
    "https://./a",
    "https://[::1/a",
    "https://example.com:99999/a",
    "https://%31%32%37.0.0.1/a",
    "https://example.com/a b",
    "https://example.com\\@evil.example/a",
    "https://example.com/\x1b[31m",
    "https://example.com/\n",
    "https://example.com/\u202e",
    "https://example.com/\ud800",
]


def refusal(
    name: str, *, free: bool = False, loopback: bool = False, **options: Any
) -> UsageError | None:
    """What `check` raises for this request; None where it passes."""
    info = providers.get(name).info
    video = VideoRequest(**{"prompt": "a paper boat", **options})
    try:
        validate.check(info, video, endpoint_is_loopback=loopback, free=free)
    except UsageError as error:
        return error
    return None


def refused(name: str, **options: Any) -> str:
    """The message of a refusal that must come."""
    error = refusal(name, **options)
    assert error is not None
    return error.message


def so_far(model: str | None) -> VideoRequest:
    """A request with nothing but a model."""
    return VideoRequest(prompt="-", model=model)


def sent_model(name: str, model_id: str) -> str | None:
    """The id as the request has it."""
    return None if providers.get(name).info.model_use is ModelUse.NONE else model_id


@pytest.mark.parametrize(("name", "model"), MODELS)
@pytest.mark.parametrize(
    ("option", "field", "outside"),
    [
        ("duration", "durations", [1, 2, 3, 6, 7, 9, 11, 13, 16, 60]),
        ("resolution", "resolutions", ["360p", "720P", "720", "1080p", "4k"]),
        ("aspect_ratio", "aspect_ratios", ["2:1", "16x9", "9:21", "21:9", "auto"]),
    ],
)
def test_documented_values(name: str, model: Any, option: str, field: str, outside: Any) -> None:
    """Each allowed value passes; each other is refused with the option and the allowed values."""
    allowed = getattr(model, field)
    chosen = sent_model(name, model.id)
    for value in allowed:
        assert refusal(name, model=chosen, **{option: value}) is None
    if not allowed and providers.get(name).info.takes(option, model):
        outside = []  # no values are documented, so none is refused
    for value in [value for value in outside if value not in allowed]:
        message = refused(name, model=chosen, **{option: value})
        assert message.startswith(f"--{option.replace('_', '-')} {value}: {name} ")
        for one in allowed:
            assert str(one) in message
        passes = refusal(name, model=chosen, free=True, **{option: value}) is None
        assert passes == bool(allowed)


def test_a_ratio_beside_images_that_decide_it() -> None:
    """Where images decide the ratio, one that is typed beside them is refused; a default goes."""
    image: dict[str, Any] = {"images": ("https://a.example/1.png",)}
    message = refused("seedanceapi-v2", aspect_ratio="9:16", **image)
    assert message.startswith("--aspect-ratio 9:16: seedanceapi-v2 takes the ratio of the image")
    assert "defapi" in message
    assert refusal("seedanceapi-v2", aspect_ratio="9:16") is None
    assert refusal("seedanceapi-v2", aspect_ratio="9:16", free=True, **image) is None
    clip: dict[str, Any] = {"reference_videos": ("https://a.example/1.mp4",)}
    message = refused("seedanceapi-v2", model="seedance-2-mini", aspect_ratio="9:16", **clip)
    assert message.startswith("--aspect-ratio 9:16: seedanceapi-v2 takes the ratio of the video")
    info = providers.get("seedanceapi-v2").info
    assert validate.fit_default(info, so_far(None), "aspect_ratio", "9:16") is None
    with_image = so_far(None)._replace(**image)
    assert validate.fit_default(info, with_image, "aspect_ratio", "9:16") is not None


def test_a_provider_that_does() -> None:
    """A refusal names the providers, or the other models, that do support the value."""
    supported = refused("seedanceapi", duration=7).partition("; supported by ")[2].split(", ")
    assert "seedance2ink" in supported
    assert {"defapi", "runbase"}.isdisjoint(supported)
    supported = (
        refused("seedance2ink", aspect_ratio="4:3").partition("supported by ")[2].split(", ")
    )
    assert {"defapi", "runbase", "seedanceapi"} <= set(supported)
    error = refusal("seedance2ink", model="seedance-1.5-pro", duration=7)
    assert error is not None
    assert "seedance-2.0, seedance-2.0-fast of seedance2ink would do" in error.message
    assert error.hint is not None
    assert "-m seedance-2.0" in error.hint
    assert "no other provider supports it" in refused("runbase", duration=40)


def test_the_provider_that_takes_all_comes_first() -> None:
    """Of several alternatives, one that takes the whole request is named first."""
    message = refused("defapi", audio=True, duration=8, aspect_ratio="9:21")
    named = message.partition("supported by ")[2]
    assert named.index("seedanceapi") < named.index("runbase")
    assert "runbase" in message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("field", "flag", "value"),
    [
        ("audio", "--audio", True),
        ("audio", "--no-audio", False),
        ("fixed_lens", "--fixed-lens", True),
        ("fixed_lens", "--no-fixed-lens", False),
        ("metadata", "--metadata", {"a": "b"}),
        ("callback", "--callback-url", "https://example.com/hook"),
    ],
)
@pytest.mark.parametrize("free", [False, True])
def test_option_without_a_field(name: str, field: str, flag: str, value: Any, free: bool) -> None:
    """An option that the provider has no field for is refused, with `--no-validate` too."""
    option = "callback_url" if field == "callback" else field
    error = refusal(name, free=free, **{option: value})
    info = providers.get(name).info
    if info.takes(option, info.models[0]):
        assert error is None
        return
    assert error is not None
    assert error.message.startswith(f"{flag}: {name} ")
    assert f"has no option {flag.replace('--no-', '--')}" in error.message
    assert "supported by" in error.message


def test_no_such_field_is_never_freed() -> None:
    """Defapi has no resolution and seedanceapi no model, whatever `--no-validate` says."""
    assert "--resolution" in refused("defapi", resolution="720p", free=True)
    assert "--model" in refused("seedanceapi", model="seedance-2.0", free=True)


@pytest.mark.parametrize("name", NAMES)
def test_images_count(name: str) -> None:
    """As many images as documented pass; one more is refused, unless `--no-validate`."""
    most = providers.get(name).info.max_images
    urls = tuple(f"https://example.com/{n}.png" for n in range(40))
    assert refusal(name, images=urls[: most or 40]) is None
    if most is not None:
        assert f"at most {most}" in refused(name, images=urls[: most + 1])
        assert refusal(name, images=urls[: most + 1], free=True) is None


@pytest.mark.parametrize("url", BAD_URLS, ids=ascii)
@pytest.mark.parametrize("free", [False, True])
def test_url_form(url: str, free: bool) -> None:
    """Only http(s) URLs with a host and without odd characters pass, `--no-validate` or not."""
    assert refused("defapi", images=(url,), free=free).startswith("--image ")
    assert refused("defapi", callback_url=url, free=free).startswith("--callback-url ")


def test_https_images() -> None:
    """Where the documents ask for public HTTPS images, others need `--no-validate`."""
    assert "https://" in refused("seedance2ink", images=("http://example.com/a",))
    assert "public" in refused("seedance2ink", images=("https://10.0.0.1/a",))
    assert refusal("seedance2ink", images=("https://10.0.0.1/a",), loopback=True) is None
    assert refusal("seedance2ink", images=("http://10.0.0.1/a",), free=True) is None
    assert refusal("runbase", images=("http://10.0.0.1/a",)) is None


@pytest.mark.parametrize("host", PRIVATE_HOSTS, ids=ascii)
def test_private_callback(host: str) -> None:
    """A callback to this machine or network is refused, unless the endpoint is here too."""
    url = f"http://{host}/hook"
    assert "public" in refused("defapi", callback_url=url)
    assert "public" in refused("defapi", callback_url=url, free=True)
    assert refusal("defapi", callback_url=url, loopback=True) is None


@pytest.mark.parametrize(
    "host", ["example.com", "8.8.8.8", "[2606:4700::1]", "localhost.example.com", "127.example"]
)
def test_public_callback(host: str) -> None:
    """A public host passes; no name is looked up."""
    assert refusal("defapi", callback_url=f"https://{host}/hook") is None


@pytest.mark.parametrize("prompt", ["", " \n\t", "a\x00b", "a\ud800b"], ids=ascii)
def test_prompt_that_cannot_be_sent(prompt: str) -> None:
    """An empty prompt, a NUL and a lone surrogate are refused, with `--no-validate` too."""
    assert "prompt" in refused("runbase", prompt=prompt)
    assert "prompt" in refused("runbase", prompt=prompt, free=True)


def test_prompt_length() -> None:
    """The documented length counts characters, and is freed by `--no-validate`."""
    assert refusal("seedanceapi", prompt="\U0001f6a3" * 2000) is None
    assert "2000" in refused("seedanceapi", prompt="x" * 2001)
    assert refusal("seedanceapi", prompt="x" * 2001, free=True) is None
    assert refusal("runbase", prompt="x" * 2001) is None


@pytest.mark.parametrize("word", rules.SANDBOX_WORDS)
def test_sandbox_word(word: str) -> None:
    """A sandbox word costs money nowhere else: refused unless the endpoint is this machine."""
    for prompt in (word, f"  {word.upper()} a boat"):
        assert word in refused("seedanceapi", prompt=prompt, free=True)
        assert refusal("seedanceapi", prompt=prompt, loopback=True) is None
    assert refusal("seedanceapi", prompt=f"a {word}") is None


@pytest.mark.parametrize("duration", [0, -1, 86_401, 10**30, 10**6000, -(10**6000)], ids="abcdef")
def test_absurd_duration(duration: int) -> None:
    """A length that is none is refused, with `--no-validate` too."""
    message = refused("runbase", duration=duration, free=True)
    assert message.startswith("--duration ")
    assert "4, 8, 12" in message


def test_text_that_no_json_can_carry() -> None:
    """Lone surrogates and non-finite numbers are refused wherever they stand."""
    assert "--metadata k" in refused("seedance2ink", metadata={"k": "\ud800"})
    assert "--param k" in refused("runbase", params={"k": ["\ud800"]}, free=True)
    assert "--param k" in refused("runbase", params={"k": float("nan")})
    assert "--resolution" in refused("runbase", resolution="\ud800", free=True)
    assert "--model" in refused("defapi", model="\ud800")
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    assert "--param k" in refused("runbase", params={"k": nested})
    while nested:  # taken apart here: the recursion of freeing it is as deep
        nested = nested.pop()


@pytest.mark.parametrize("name", NAMES)
def test_model_chosen(name: str) -> None:
    """The first model is chosen, and said to be, only where one is required."""
    info = providers.get(name).info
    required = info.model_use is ModelUse.REQUIRED
    expected = info.models[0].id if required else None
    assert validate.model_for(info, None) == (expected, required)


def test_model_given() -> None:
    """A listed model passes, an unlisted one is refused with the list, unless the list is open."""
    ink, defapi = providers.get("seedance2ink").info, providers.get("defapi").info
    assert validate.model_for(ink, "seedance-1.5-pro") == ("seedance-1.5-pro", False)
    with pytest.raises(UsageError, match=r"seedance-2\.0, seedance-2\.0-fast, seedance-1\.5-pro"):
        validate.model_for(ink, "sora")
    assert validate.model_for(ink, "sora", free=True) == ("sora", False)
    assert validate.model_for(defapi, "anything") == ("anything", False)
    for model in ("", " ", "a\nb", "\x1b"):
        with pytest.raises(UsageError, match="--model"):
            validate.model_for(defapi, model, free=True)
    with pytest.raises(UsageError, match="no option --model; supported by defapi, seedance2ink"):
        validate.model_for(providers.get("seedanceapi").info, "seedance-2.0", free=True)


@pytest.mark.parametrize(
    ("name", "model", "option", "value", "reason"),
    [
        ("runbase", None, "fixed_lens", False, "runbase has no option --fixed-lens"),
        ("runbase", None, "fixed-lens", True, "runbase has no option --fixed-lens"),
        ("defapi", None, "resolution", "720p", "defapi has no option --resolution"),
        ("runbase", None, "duration", 5, "runbase with bytedance/seedance-1.5-pro allows 4, 8, 12"),
        ("runbase", None, "duration", "8", "--duration takes a whole number"),
        ("runbase", None, "duration", True, "--duration takes a whole number"),
        ("seedanceapi", None, "model", "seedance-2.0", "seedanceapi has no option --model"),
        ("seedance2ink", "seedance-1.5-pro", "duration", 7, "seedance2ink with seedance-1.5-pro"),
        ("defapi", None, "callback_url", "http://localhost/", "defapi allows only public URLs"),
    ],
)
def test_default_that_does_not_fit(
    name: str, model: str | None, option: str, value: object, reason: str
) -> None:
    """A profile's default that the provider does not take is left out, with the reason."""
    found = validate.fit_default(providers.get(name).info, so_far(model), option, value)
    assert found is not None
    assert found.startswith(reason)


def test_default_that_fits() -> None:
    """A default that the provider takes fits, and so does one that is no part of a request."""
    runbase = providers.get("runbase").info
    for option, value in {"duration": 8, "audio": True, "timeout": "10m", "output": "x/"}.items():
        assert validate.fit_default(runbase, so_far(None), option, value) is None
    ink = providers.get("seedance2ink").info
    assert validate.fit_default(ink, so_far("seedance-1.5-pro"), "model", "seedance-2.0") is None
    # A model that the user typed and the provider refuses is no reason to drop another default.
    assert validate.fit_default(ink, so_far("sora"), "resolution", "720p") is None


@pytest.mark.parametrize("name", NAMES)
def test_what_passes_is_sent(name: str) -> None:
    """A request that passes comes out of the provider with nothing dropped."""
    info = providers.get(name).info
    model, _ = validate.model_for(info, None)
    limits = info.models[0]
    video = VideoRequest(
        prompt="p",
        model=model,
        duration=limits.durations[-1] if limits.durations else 7,
        resolution=limits.resolutions[-1] if limits.resolutions else None,
        aspect_ratio=limits.aspect_ratios[-1] if limits.aspect_ratios else None,
        audio=True if info.takes("audio", limits) else None,
        fixed_lens=True if info.takes("fixed_lens", limits) else None,
        images=("https://example.com/a.png",),
        callback_url="https://example.com/hook" if info.callback else None,
        metadata={"k": "v"} if info.metadata else {},
    )
    # Beside images some take no ratio, which `free` lets pass.
    validate.check(info, video, endpoint_is_loopback=False, free=info.limits(limits).shape)
    request = providers.get(name).request
    whole = request(video)
    for option in ("duration", "resolution", "aspect_ratio", "audio", "fixed_lens", "callback_url"):
        if getattr(video, option) is not None:
            unset: dict[str, Any] = {option: None}
            assert request(video._replace(**unset)) != whole
    assert request(video._replace(images=())) != whole
    assert (request(video._replace(metadata={})) != whole) == info.metadata
