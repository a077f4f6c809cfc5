"""What can be asked of the recommendations."""

from pacnum_api.domains.recommendations.service.recommend import (
    recommend_for_agent,
    recommend_for_levels,
)

__all__ = ["recommend_for_agent", "recommend_for_levels"]
