"""What Grafana's server writes into its page and says to the frontend of itself.

That is settings, data sources, and the person who looks.
"""

from __future__ import annotations

import html
import json
from typing import Final

from proofs.boards.look.frontend import Frontend, Json

SOURCE: Final = "deskpulse-prometheus"  # deploy/grafana/provisioning/datasources
_SOURCE_NAME: Final = "Prometheus"
_RIGHTS: Final = (
    "dashboards:read",
    "folders:read",
    "annotations:read",
    "datasources:read",
    "datasources:query",
    "plugins.app:access",
)
# Whatever concerns servers, log-in, cloud or plugins from elsewhere is off. The frontend reads most of these
# without asking whether they exist.
_OFF: Final = (
    *(
        "allowOrgCreate",
        "authProxyEnabled",
        "ldapEnabled",
        "samlEnabled",
        "anonymousEnabled",
        "verifyEmailEnabled",
        "autoAssignOrg",
    ),
    *(
        "liveEnabled",
        "newsFeedEnabled",
        "queryHistoryEnabled",
        "helpEnabled",
        "profileEnabled",
        "exploreEnabled",
        "snapshotEnabled",
    ),
    *(
        "pluginAdminEnabled",
        "pluginAdminExternalManageEnabled",
        "rendererAvailable",
        "secretsManagerPluginEnabled",
        "http2Enabled",
    ),
    *(
        "sigV4AuthEnabled",
        "azureAuthEnabled",
        "expressionsEnabled",
        "unifiedAlertingEnabled",
        "publicDashboardsEnabled",
        "trustedTypesDefaultPolicyEnabled",
    ),
    *(
        "disableSanitizeHtml",
        "cspReportOnlyEnabled",
        "disableLoginForm",
        "viewersCanEdit",
        "feedbackLinksEnabled",
        "cloudMigrationIsTarget",
    ),
)
_EMPTY_LISTS: Final = (
    *(
        "pluginCatalogHiddenPlugins",
        "pluginCatalogManagedPlugins",
        "pluginCatalogPreinstalledPlugins",
        "enableFrontendSandboxForPlugins",
    ),
    *("awsAllowedAuthProviders", "quickRanges"),
)
_EMPTY_TEXTS: Final = (
    *(
        "appSubUrl",
        "jwtHeaderName",
        "pluginsCDNBaseURL",
        "pluginCatalogURL",
        "rendererVersion",
        "loginHint",
        "passwordHint",
        "rootFolderUID",
    ),
    *(
        "externalUserMngInfo",
        "externalUserMngLinkUrl",
        "externalUserMngLinkName",
        "publicDashboardAccessToken",
        "googleAnalyticsId",
        "samlName",
    ),
    *("listDashboardScopesEndpoint", "listScopesEndpoint"),
)
_TOGGLES: Final = (
    *(
        "dashboardScene",
        "dashboardSceneForViewers",
        "dashboardSceneSolo",
        "newDashboardSharingComponent",
        "transformationsRedesign",
    ),
    *(
        "dataplaneFrontendFallback",
        "addFieldFromCalculationStatFunctions",
        "annotationPermissionUpdate",
        "groupToNestedTableTransformation",
    ),
    "newFiltersUI",
)


def sources(frontend: Frontend, scrape_seconds: int) -> Json:
    """The data sources: Prometheus, and those that are always there."""
    built_in = {"-- Grafana --": "grafana", "-- Mixed --": "mixed", "-- Dashboard --": "dashboard"}
    found: Json = {
        _SOURCE_NAME: {
            "id": 1,
            "uid": SOURCE,
            "type": "prometheus",
            "name": _SOURCE_NAME,
            "url": f"/api/datasources/proxy/uid/{SOURCE}",
            "access": "proxy",
            "isDefault": True,
            "readOnly": True,
            "meta": frontend.plugins["prometheus"].settings(),
            "jsonData": {"httpMethod": "POST", "timeInterval": f"{scrape_seconds}s"},
            "cachingConfig": {"enabled": False, "TTLMs": 0},
        }
    }
    for name, plugin in built_in.items():
        uid = "grafana" if plugin == "grafana" else name
        about = frontend.plugins[plugin].settings()
        found[name] = {
            "uid": uid,
            "type": plugin,
            "name": name,
            "meta": about,
            "isDefault": False,
            "readOnly": False,
            "jsonData": {},
        }
    return found


_DATES: Final[Json] = {
    "fullDate": "YYYY-MM-DD HH:mm:ss",
    "useBrowserLocale": False,
    "defaultTimezone": "browser",
    "defaultWeekStart": "browser",
    "interval": {
        "second": "HH:mm:ss",
        "minute": "HH:mm",
        "hour": "MM/DD HH:mm",
        "day": "MM/DD",
        "month": "YYYY-MM",
        "year": "YYYY",
    },
}
_FIXED: Final[Json] = {
    **dict.fromkeys(_OFF, False),
    **{name: [] for name in _EMPTY_LISTS},
    **dict.fromkeys(_EMPTY_TEXTS, ""),
    **{name: {} for name in ("apps", "auth", "oauth", "azure", "openFeatureContext")},
    **{
        name: {"enabled": False}
        for name in ("recordedQueries", "reporting", "analytics", "grafanaJavascriptAgent")
    },
    **dict.fromkeys(("panelSeriesLimit", "tokenExpirationDayLimit", "bootTime"), 0),
    **dict.fromkeys(("rbacEnabled", "localFileSystemAvailable", "disableUserSignUp"), True),
    "namespace": "default",
    "minRefreshInterval": "5s",
    "caching": {"enabled": False},
    "unifiedAlerting": {"minInterval": "10s", "stateHistory": {}, "recordingRulesEnabled": False},
    "licenseInfo": {
        "expiry": 0,
        "stateInfo": "",
        "licenseUrl": "",
        "edition": "Open Source",
        "enabledFeatures": {},
    },
    "featureToggles": dict.fromkeys(_TOGGLES, True),
    "sqlConnectionLimits": {"maxOpenConns": 100, "maxIdleConns": 100, "connMaxLifetime": 14_400},
    "sharedWithMeFolderUID": "sharedwithme",
    "dateFormats": _DATES,
}


def settings(frontend: Frontend, url: str, scrape_seconds: int) -> Json:
    """What `GET /api/frontend/settings` answers, and the page holds."""
    panels = {
        plugin.id: {
            "sort": 100,
            "hideFromList": False,
            "skipDataQuery": False,
            "state": "",
            "aliasIDs": [],
            **plugin.settings(),
        }
        for plugin in frontend.plugins.values()
        if plugin.kind == "panel"
    }
    build = {
        "version": frontend.version,
        "versionString": f"Grafana v{frontend.version}",
        "commit": "",
        "commitShort": "",
        "buildstamp": 0,
    }
    return {
        **_FIXED,
        "appUrl": url,
        "defaultDatasource": _SOURCE_NAME,
        "datasources": sources(frontend, scrape_seconds),
        "panels": panels,
        "buildInfo": {
            **build,
            "edition": "Open Source",
            "env": "production",
            "latestVersion": "",
            "hasUpdate": False,
            "hideVersion": False,
        },
    }


def person(language: str, theme: str) -> Json:
    """Who looks: somebody who may read."""
    return {
        "isSignedIn": True,
        "id": 1,
        "uid": "wall",
        "login": "wall",
        "name": "wall",
        "email": "",
        "orgId": 1,
        "orgCount": 1,
        "orgName": "Main Org.",
        "orgRole": "Viewer",
        "isGrafanaAdmin": False,
        "gravatarUrl": "/public/img/user_profile.png",
        "theme": theme,
        "lightTheme": theme == "light",
        "timezone": "browser",
        "weekStart": "browser",
        "locale": language,
        "language": language,
        "regionalFormat": language,
        "helpFlags1": 0,
        "hasEditPermissionInFolders": False,
        "permissions": dict.fromkeys(_RIGHTS, True),
        "analytics": {"identifier": ""},
        "authenticatedBy": "",
        "externalUserId": "",
        "namespace": "default",
        "navbar": {"bookmarkUrls": []},
    }


def page(frontend: Frontend, url: str, scrape_seconds: int, *, language: str, theme: str) -> str:
    """The one page of Grafana: everything else is fetched by it."""
    scripts, sheets = frontend.assets("app", "js"), frontend.assets("app", "css")
    looks = {name: frontend.assets(name, "css")[0] for name in ("dark", "light")}
    boot = {
        "user": person(language, theme),
        "settings": settings(frontend, url, scrape_seconds),
        "navTree": [
            {"id": "home", "text": "Home", "url": "/", "icon": "home-alt", "sortWeight": -2000},
            {
                "id": "dashboards/browse",
                "text": "Dashboards",
                "url": "/dashboards",
                "icon": "apps",
                "sortWeight": -1800,
            },
        ],
        "assets": {
            "jsFiles": [{"filePath": path, "integrity": ""} for path in scripts],
            "cssFiles": [{"filePath": path, "integrity": ""} for path in sheets],
            **looks,
        },
    }
    links = "".join(f'<link rel="stylesheet" href="{html.escape(path)}">' for path in (*sheets, looks[theme]))
    loads = "".join(f'<script defer src="{html.escape(path)}"></script>' for path in scripts)
    held = json.dumps(boot).replace("</", "<\\/")
    return (
        f'<!DOCTYPE html><html lang="{html.escape(language)}"><head><meta charset="utf-8"><base '
        'href="/"><title>Grafana</title>'
        f'<meta name="viewport" content="width=device-width">{links}</head>'
        f'<body class="theme-{theme} app-grafana"><div id="reactRoot"></div>'
        f"<script>window.grafanaBootData = {held}; window.__grafana_boot_data_promise = Promise.resolve();"
        "window.__grafana_load_failed = (error) => console.error('the frontend did not load', "
        "error);</script>"
        f"{loads}</body></html>"
    )
