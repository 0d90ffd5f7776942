"""Attacks that are one attack reworded: clusters of flagged inputs, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from math import log, sqrt
from typing import ClassVar, Final
from zlib import crc32

from agent.campaigns.base import Kind, Member, Sees, Sighting, Suspicion, is_dense
from agent.campaigns.concepts import CONCEPTS
from agent.campaigns.minhash import MinHash
from agent.campaigns.shingles import shingles

__all__ = ["NearDuplicates"]

#: A profile holds so many shingles; the rarest leave.
_MOST_SHINGLES: Final = 160
_FEWEST_SHINGLES: Final = 3
#: Clusters that one band leads to, clusters that a text is compared with, texts whose bands lead to one cluster.
_MOST_IN_BAND: Final = 16
_MOST_COMPARED: Final = 8
_MOST_LEADERS: Final = 4
_MOST_BACKGROUND: Final = 20_000
#: As if so many clusters with other shingles had been seen before the first.
_PRIOR: Final = 50.0
_REWEIGHED: Final = 8
_SKETCH: Final = 32
_PERCENT: Final = 128
#: Cosine of two sketches of one campaign; a dozen members each, so that shares are rough.
_ALIKE: Final = 0.6
#: Least share of a campaign's latest members whose score reached its threshold.
_FLAGGED: Final = 0.25
#: A cluster looks for others that are about the same every so many members; among so many of the latest, and not
#: among smaller ones, whose means are their last text.
_LOOKS: Final = 4
_MOST_LOOKED_AT: Final = 64
_FEWEST_OF_KIN: Final = 3
_MOST_BANDS: Final = 256
#: The same attack in two languages.
_TRANSLATION: Final = 0.8
_FEWEST_CONCEPTS: Final = 5


class _Cluster:
    """One cluster: in how many of its members each shingle occurred, and the last of them."""

    __slots__ = (
        "bands",
        "group",
        "han",
        "leaders",
        "members",
        "model",
        "number",
        "profile",
        "size",
        "sketch",
        "square",
        "twin",
    )

    def __init__(self, number: int, model: str, keep: int) -> None:
        self.number = number
        self.model = model
        self.size = 0
        self.profile: dict[int, int] = {}
        #: Squared length of the profile, as it was last weighed.
        self.square = 0.0
        self.leaders = 0
        self.bands: list[int] = []
        self.members: deque[Member] = deque(maxlen=keep)
        #: Members that are partly Chinese.
        self.han = 0
        self.group = ""
        self.sketch: tuple[int, ...] = ()
        #: The number of the cluster that says the same in the other writing system; 0 for none.
        self.twin = 0

    @property
    def is_chinese(self) -> bool:
        return 2 * self.han > self.size


class NearDuplicates:
    """Clusters attacks by what they are about.

    A text joins the cluster to whose mean it is most similar: the cosine of its set of shingles with the shares of
    the cluster's members that have each shingle. What varies from member to member averages out, so that the frame of
    an attack outweighs its wording. A shingle weighs the less the more clusters began with it, so that what all
    attacks say makes no campaign; a campaign, being one cluster, does not weigh itself down. Compared are the
    clusters that share most bands of MinHash with the text.

    Clusters that have come to be as similar to each other as a text must be to a cluster are merged.

    A cluster is a campaign while its last `min_events` members lie within `window_seconds` of each other, and a
    quarter of them were flagged: rewording takes some of an attack's texts below the threshold. Those of the cluster
    that says the same in the other language count with it.

    Parameters
    ----------
    key
        See `MinHash`.
    similarity
        Cosine from which a text joins a cluster, in (0, 1).
    max_clusters
        Of all models. The one that has gone longest without a new member leaves first.
    """

    kind: ClassVar[Kind] = "near_duplicates"
    sees: ClassVar[Sees] = "attacks"

    def __init__(
        self,
        *,
        key: bytes,
        min_events: int = 12,
        window_seconds: float = 1800.0,
        similarity: float = 0.4,
        max_clusters: int = 2_000,
    ) -> None:
        self._hasher = MinHash(key)
        self._concepts = frozenset(self._hasher.hashes(frozenset(CONCEPTS.values())))
        self._min_events = min_events
        self._window_seconds = window_seconds
        self._similarity = similarity
        self._max_clusters = max_clusters
        self._clusters: OrderedDict[int, _Cluster] = OrderedDict()
        #: How many clusters a model has; a text under its threshold can join none where there is none.
        self._of_model: dict[str, int] = {}
        self._by_band: dict[int, list[int]] = {}
        self._background: dict[int, int] = {}
        self._founded = 0
        self._numbers = 0

    def __len__(self) -> int:
        return len(self._clusters)

    def see(self, sighting: Sighting) -> Suspicion | None:
        """See `agent.campaigns.base.Detector.see`. A sighting that is not flagged joins a cluster, and founds none."""
        model, member = sighting.model, sighting.member
        if not member.is_flagged and not self._of_model.get(model):
            return None
        found = shingles(sighting.text)
        hashes = self._hasher.hashes(found)
        if len(hashes) < _FEWEST_SHINGLES:
            return None
        mark = crc32(model.encode("utf-8", "surrogatepass"))
        bands = [(band << 32) | mark for band in MinHash.bands(self._hasher.signature(hashes))]
        shared: dict[int, int] = {}
        for band in bands:
            for number in self._by_band.get(band, ()):
                shared[number] = shared.get(number, 0) + 1
        if not shared and not member.is_flagged:
            return None
        weights = [self._weight(shingle) for shingle in hashes]
        similar = self._similar(model, hashes, weights, shared)
        if similar:
            cluster = self._merged(similar)
        elif member.is_flagged:
            cluster = self._found(model, hashes)
        else:
            return None
        self._join(cluster, hashes, weights, member)
        cluster.han += any(shingle[0] >= "\u2e80" for shingle in found)
        if shared.get(cluster.number, 0) < 2 and cluster.leaders < _MOST_LEADERS:
            self._lead(cluster, bands)
        if cluster.size % _LOOKS == 0:
            cluster = self._gathered(cluster)
        members = self._members(cluster)
        flagged = sum(each.is_flagged for each in members)
        if flagged < _FLAGGED * len(members) or not is_dense(members, self._min_events, self._window_seconds):
            return None
        if not cluster.group:
            kin = self._kin(cluster)
            cluster.group = kin.group if kin else str(cluster.number)
            cluster.sketch = kin.sketch if kin else self._sketch(cluster)
        return Suspicion(self.kind, model, cluster.group, members, cluster.sketch)

    def _members(self, cluster: _Cluster) -> tuple[Member, ...]:
        """The latest of a cluster, and of its twin."""
        twin = self._clusters.get(cluster.twin)
        if twin is None:
            return tuple(cluster.members)
        return tuple(_together(cluster, twin)[-self._min_events :])

    def _gathered(self, cluster: _Cluster) -> _Cluster:
        """The cluster with those inside that are about the same, and knowing the one that says it in other writing."""
        latest = [
            other
            for other in islice(reversed(self._clusters.values()), _MOST_LOOKED_AT)
            if other is not cluster and other.model == cluster.model and other.size >= _FEWEST_OF_KIN
        ]
        for other in latest:
            if other.is_chinese == cluster.is_chinese:
                if self._are_one(cluster, other):
                    cluster = self._with(cluster, other)
            elif self._translates(cluster, other):
                cluster.twin, other.twin = other.number, cluster.number
        return cluster

    def _similar(
        self, model: str, hashes: Sequence[int], weights: Sequence[float], shared: Mapping[int, int]
    ) -> list[_Cluster]:
        """Clusters that the text may join, the most similar first."""
        # By bands, then by age: so that ties fall the same way everywhere.
        candidates = sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:_MOST_COMPARED]
        if not candidates:
            return []
        norm = sqrt(sum(weights))
        found: list[tuple[float, int, _Cluster]] = []
        for number, _ in candidates:
            cluster = self._clusters[number]
            profile = cluster.profile
            dot = sum([profile.get(shingle, 0) * weight for shingle, weight in zip(hashes, weights, strict=True)])
            cosine = dot / (norm * sqrt(cluster.square))
            if cosine >= self._similarity and cluster.model == model:
                found.append((-cosine, number, cluster))
        return [cluster for _, _, cluster in sorted(found)]

    def _merged(self, similar: Sequence[_Cluster]) -> _Cluster:
        """The nearest cluster, with the next one inside when the two have come to be about the same."""
        nearest = similar[0]
        if len(similar) == 1 or not self._are_one(*similar[:2]):
            return nearest
        return self._with(*similar[:2])

    def _are_one(self, one: _Cluster, other: _Cluster) -> bool:
        """Whether the cosine of their means is one from which a text joins a cluster; weighed as they last were."""
        first, second = one.profile, other.profile
        common = first.keys() & second.keys()
        dot = sum(first[shingle] * second[shingle] * self._weight(shingle) for shingle in common)
        return dot >= self._similarity * sqrt(one.square * other.square)

    def _with(self, nearest: _Cluster, next_one: _Cluster) -> _Cluster:
        """The larger of two clusters, with the other one inside."""
        members = _together(nearest, next_one)
        one, other = sorted((nearest, next_one), key=lambda cluster: (-cluster.size, cluster.number))
        for shingle, count in other.profile.items():
            one.profile[shingle] = one.profile.get(shingle, 0) + count
        self._reweigh(one)
        one.size += other.size
        one.han += other.han
        one.twin = one.twin or other.twin
        one.group, one.sketch = (one.group, one.sketch) if one.group else (other.group, other.sketch)
        one.members.clear()
        one.members.extend(members)
        self._forget(other)
        for band in other.bands:
            self._lead_by(one, band)
        return one

    def _kin(self, cluster: _Cluster) -> _Cluster | None:
        """A campaign that this cluster is part of: about the same, or about the same in the other writing system."""
        for other in self._clusters.values():
            if not other.group or other.model != cluster.model or other is cluster:
                continue
            if cluster.is_chinese == other.is_chinese:
                if self._are_one(cluster, other):
                    return other
            elif self._translates(cluster, other):
                return other
        return None

    def _translates(self, one: _Cluster, other: _Cluster) -> bool:
        return self._translate(one.profile, other.profile, one.size / 2, other.size / 2)

    def _translate(self, one: Mapping[int, int], two: Mapping[int, int], many: float, as_many: float) -> bool:
        """What two languages share is concepts alone: there must be several that are frequent in both, and they must
        agree."""
        first, second = (
            {shingle: count for shingle, count in each.items() if shingle in self._concepts} for each in (one, two)
        )
        common = sum(first[name] >= many and second.get(name, 0) >= as_many for name in first)
        return common >= _FEWEST_CONCEPTS and _cosine(first, second, self._weight) >= _TRANSLATION

    def _weight(self, shingle: int) -> float:
        """Square of the inverse cluster frequency, smoothed, in (0, 1]."""
        total = self._founded + _PRIOR
        return (1.0 - log(self._background.get(shingle, 0) + 1.0) / log(total)) ** 2

    def _found(self, model: str, hashes: Sequence[int]) -> _Cluster:
        self._founded += 1
        background = self._background
        for shingle in hashes:
            background[shingle] = background.get(shingle, 0) + 1
        if len(background) > _MOST_BACKGROUND:
            # What was seen once is forgotten, shares stay.
            self._background = {shingle: count // 2 for shingle, count in background.items() if count > 1}
            self._founded //= 2
        if len(self._clusters) >= self._max_clusters:
            self._forget(next(iter(self._clusters.values())))
        self._numbers += 1
        cluster = self._clusters[self._numbers] = _Cluster(self._numbers, model, self._min_events)
        self._of_model[model] = self._of_model.get(model, 0) + 1
        return cluster

    def _join(self, cluster: _Cluster, hashes: Sequence[int], weights: Sequence[float], member: Member) -> None:
        self._clusters.move_to_end(cluster.number)
        cluster.size += 1
        profile = cluster.profile
        for shingle, weight in zip(hashes, weights, strict=True):
            count = profile.get(shingle, 0)
            profile[shingle] = count + 1
            cluster.square += (2 * count + 1) * weight
        if cluster.size < _REWEIGHED or cluster.size % _REWEIGHED == 0:
            self._reweigh(cluster)
        cluster.members.append(member)

    def _reweigh(self, cluster: _Cluster) -> None:
        """Weights fall as clusters are founded; not at every join, since a hundred logarithms are dear."""
        if len(cluster.profile) > _MOST_SHINGLES:
            kept = sorted(cluster.profile.items(), key=lambda item: (-item[1], item[0]))[:_MOST_SHINGLES]
            cluster.profile = dict(kept)
        cluster.square = sum(count * count * self._weight(shingle) for shingle, count in cluster.profile.items())

    def _lead(self, cluster: _Cluster, bands: Sequence[int]) -> None:
        cluster.leaders += 1
        for band in bands:
            self._lead_by(cluster, band)

    def _lead_by(self, cluster: _Cluster, band: int) -> None:
        if len(cluster.bands) >= _MOST_BANDS:
            return
        numbers = self._by_band.setdefault(band, [])
        if cluster.number not in numbers:
            numbers.append(cluster.number)
            cluster.bands.append(band)
            if len(numbers) > _MOST_IN_BAND:
                del numbers[0]

    def _forget(self, cluster: _Cluster) -> None:
        del self._clusters[cluster.number]
        if self._of_model[cluster.model] == 1:
            del self._of_model[cluster.model]
        else:
            self._of_model[cluster.model] -= 1
        for band in cluster.bands:
            numbers = self._by_band.get(band, [])
            if cluster.number in numbers:
                numbers.remove(cluster.number)
                if not numbers:
                    del self._by_band[band]

    def _sketch(self, cluster: _Cluster) -> tuple[int, ...]:
        """Whether the members are mostly Chinese; then the commonest shingles, each with the share of members, in
        percent."""
        common = sorted(cluster.profile.items(), key=lambda item: (-item[1], item[0]))[:_SKETCH]
        shares = sorted(shingle * _PERCENT + min(100, 100 * count // cluster.size) for shingle, count in common)
        return int(cluster.is_chinese), *shares

    def alike(self, one: Sequence[int], two: Sequence[int]) -> bool:
        """Whether two sketches are of one campaign: of two workers, or from before and after a restart."""
        first, second = ({each // _PERCENT: each % _PERCENT for each in sketch[1:]} for sketch in (one, two))
        if one[:1] == two[:1]:
            return _cosine(first, second, lambda shingle: 1.0) >= _ALIKE
        return self._translate(first, second, 50, 50)


def _together(cluster: _Cluster, other: _Cluster) -> list[Member]:
    """Members of two clusters in order of their times, but the first one's latest last: it may have come late."""
    latest = cluster.members[-1]
    return sorted((*cluster.members, *other.members), key=lambda member: (member is latest, member.time))


def _cosine(one: Mapping[int, int], two: Mapping[int, int], weight: Callable[[int], float]) -> float:
    """``weight`` gives squares of weights."""
    weights = {shingle: weight(shingle) for shingle in one.keys() | two.keys()}
    dot = sum(count * two.get(shingle, 0) * weights[shingle] for shingle, count in one.items())
    squares = [sum(count * count * weights[shingle] for shingle, count in each.items()) for each in (one, two)]
    return dot / sqrt(squares[0] * squares[1]) if min(squares) > 0.0 else 0.0
