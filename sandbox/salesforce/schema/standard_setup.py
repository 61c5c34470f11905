"""Standard objects of the set-up and of the Tooling API as text, in the form of `standard`."""

from __future__ import annotations

SETUP = """
User 005
Username string(80) required
LastName string(80) required
FirstName string(40)
Name string(121) ro
Email email(128) required
Alias string(8)
IsActive boolean
UserType picklist(Standard|PowerPartner|CsnOnly|AutomatedProcess) ro
ProfileId reference(Profile)
UserRoleId reference(UserRole)
ManagerId reference(User)
Division string(80)
Department string(80)
Title string(80)
CompanyName string(80)
TimeZoneSidKey picklist()
LocaleSidKey picklist()
LanguageLocaleKey picklist()
DefaultCurrencyIsoCode picklist()
LastLoginDate datetime ro

UserRole 00E
Name string(80) required
DeveloperName string(80)
ParentRoleId reference(UserRole)

Profile 00e
Name string(255) required
Description string(255)
UserType picklist(Standard) ro
UserLicenseId reference(UserLicense) ro

Organization 00D ro
Name string(80) ro
OrganizationType picklist() ro
IsSandbox boolean ro
InstanceName string(5) ro
DefaultLocaleSidKey picklist() ro
TimeZoneSidKey picklist() ro
LanguageLocaleKey picklist() ro
DefaultCurrencyIsoCode picklist() ro
FiscalYearStartMonth int ro
NamespacePrefix string(15) ro
TrialExpirationDate datetime ro

PermissionSet 0PS
Name string(80) required
Label string(80) required
Description string(255)
LicenseId reference(PermissionSetLicense) createonly
ProfileId reference(Profile) ro
IsOwnedByProfile boolean ro
IsCustom boolean ro
Type picklist(Regular|Profile|Session|Group) ro
NamespacePrefix string(15) ro
PermissionsApiEnabled boolean
PermissionsModifyAllData boolean
PermissionsViewAllData boolean
PermissionsViewSetup boolean
PermissionsCustomizeApplication boolean
PermissionsModifyMetadata boolean
PermissionsManageUsers boolean
PermissionsAssignPermissionSets boolean
PermissionsEditTask boolean
PermissionsManageProfilesPermissionsets boolean

PermissionSetAssignment 0Pa
AssigneeId reference(User) required createonly
PermissionSetId reference(PermissionSet) required createonly
PermissionSetGroupId reference(PermissionSetGroup) ro
IsActive boolean ro

FieldPermissions 01k
ParentId reference(PermissionSet) required createonly
SobjectType picklist() required createonly
Field picklist() required createonly
PermissionsRead boolean
PermissionsEdit boolean

ObjectPermissions 110
ParentId reference(PermissionSet) required createonly
SobjectType picklist() required createonly
PermissionsCreate boolean
PermissionsRead boolean
PermissionsEdit boolean
PermissionsDelete boolean
PermissionsViewAllRecords boolean
PermissionsModifyAllRecords boolean

SetupEntityAccess 0J0
ParentId reference(PermissionSet) required createonly
SetupEntityId reference(CustomPermission) required createonly
SetupEntityType picklist() ro

CustomPermission 0CP ro
DeveloperName string(80) ro
MasterLabel string(80) ro
Description textarea(255) ro
NamespacePrefix string(15) ro
Language picklist() ro
IsProtected boolean ro
IsLicensed boolean ro
"""

TOOLING = """
CustomField 00N
DeveloperName string(80) ro
TableEnumOrId string(40) ro
EntityDefinitionId string(40) ro
NamespacePrefix string(15) ro
FullName string(255) required nofilter
Metadata complexvalue required nofilter

ValidationRule 03d
ValidationName string(40) ro
Active boolean ro
EntityDefinitionId string(40) ro
NamespacePrefix string(15) ro
Description textarea(255) ro
ErrorDisplayField string(80) ro
ErrorMessage textarea(255) ro
FullName string(255) required nofilter
Metadata complexvalue required nofilter
"""
