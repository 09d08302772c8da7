"""The portal: `/openapi.json`, made of what services publish, and `/docs`, which shows it."""
